//! Rooms and tokens.

use serde_json::{Value, json};

use super::{Stage, by};
use crate::bed;
use chatroom_wire::rest::Role;

#[tokio::test]
async fn making_a_room() {
    let stage = Stage::new().await;
    let body = json!({"custom_counters": [{"key": "like"}, {"key": "clap"}]});
    stage.keep("createChatroom", "POST", "/chatrooms", &stage.org, body).await;
}

#[tokio::test]
async fn reading_a_room_in_which_everything_was_done() {
    let stage = Stage::new().await;
    let room = stage.must("POST", "/chatrooms", &stage.org, json!({"custom_counters": [{"key": "like"}]})).await;
    let room = room["chatroom"]["id"].as_str().unwrap().to_owned().into();
    let admin = bed::token_in(&stage.server, &room, "host", Role::Admin).await.token;
    let admin = admin.expose();
    let eve =
        json!({"blocked_user": {"id": "eve", "device_id": "e", "custom_name": "Eve", "action_taker": by("Host")}});
    stage.must("POST", "/chatrooms:mute", admin, json!({"action_taker": by("Host")})).await;
    stage.must("POST", "/chatrooms/users:block", admin, eve).await;
    let shown = json!({"viewer_info": {"enabled": true}, "action_taker": by("Host")});
    stage.must("PUT", "/chatrooms/viewer-infos", admin, shown).await;
    let poll = stage.must("POST", "/chatrooms/polls", admin, super::polls::poll()).await;
    let change = format!("/chatrooms/polls/{}:change", poll["poll"]["id"].as_str().unwrap());
    stage.must("POST", &change, admin, json!({"action": "ACTION_START", "action_taker": by("Host")})).await;
    stage.keep("getChatroom", "GET", "/chatrooms", admin, Value::Null).await;
}

#[tokio::test]
async fn making_a_token() {
    let stage = Stage::new().await;
    let path = format!("/chatrooms/{}/tokens", stage.server.room_id());
    let body = json!({"role": "ROLE_ADMIN", "subject": "ada", "device_id": "phone", "name": "Ada"});
    stage.keep("createChatroomToken", "POST", &path, &stage.org, body).await;
}

#[tokio::test]
async fn buying_a_new_token() {
    let stage = Stage::new().await;
    let tokens = bed::token(&stage.server, "ada", Role::Viewer).await;
    let body = json!({"refresh_token": tokens.refresh_token.expose()});
    stage.keep("refreshChatroomToken", "POST", "/chatrooms/tokens:refresh", "", body).await;
}

#[tokio::test]
async fn asking_how_to_connect() {
    let stage = Stage::new().await;
    stage.keep("getChatroomConfig", "GET", "/chatrooms/config", &stage.viewer, Value::Null).await;
}

#[tokio::test]
async fn muting() {
    let stage = Stage::new().await;
    let body = json!({"action_taker": by("Host")});
    stage.keep("muteChatroom", "POST", "/chatrooms:mute", &stage.admin, body).await;
}

#[tokio::test]
async fn unmuting() {
    let stage = Stage::new().await;
    let body = json!({"action_taker": by("Host")});
    stage.must("POST", "/chatrooms:mute", &stage.admin, body.clone()).await;
    stage.keep("unmuteChatroom", "POST", "/chatrooms:unmute", &stage.admin, body).await;
}

#[tokio::test]
async fn showing_the_number_of_viewers() {
    let stage = Stage::new().await;
    let body = json!({"viewer_info": {"enabled": true}, "action_taker": by("Host")});
    stage.keep("updateViewerInfo", "PUT", "/chatrooms/viewer-infos", &stage.admin, body).await;
}

#[tokio::test]
async fn keeping_somebody_out() {
    let stage = Stage::new().await;
    let room = format!("/chatrooms/{}", stage.server.room_id());
    let eve = json!({"user_id": "eve"});
    stage.keep("barChatroomUser", "POST", &format!("{room}/users:bar"), &stage.org, eve.clone()).await;
    stage.keep("listBarredChatroomUsers", "GET", &format!("{room}/barred-users"), &stage.org, Value::Null).await;
    stage.keep("unbarChatroomUser", "POST", &format!("{room}/users:unbar"), &stage.org, eve).await;
}
