//! What is there after the server was gone.

use chatroom_wire::rest::Role;
use serde_json::{Value, json};

use super::{Stage, press, server_in, text};
use crate::bed::Ack;

const SETTINGS: &[(&str, &str)] = &[("presence.interval", "100ms")];

#[tokio::test]
async fn all_that_was_done_in_a_room_is_so_after_the_server_was_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let stage = Stage::on(server_in(directory.path(), SETTINGS).await, &["like"]).await;
    let room = stage.room.clone();
    let mut ada = stage.join("ada", Role::Viewer).await;
    for message in [text("1", "pinned"), text("2", "deleted"), press("3", "like", 5)] {
        ada.must_say(&message).await;
    }
    stage.pin("1").await;
    stage.delete("2").await;
    stage.block("bob").await;
    stage.act("PUT", "/users", &json!({"custom_name": "Countess"})).await;
    stage.act("PUT", "/viewer-infos", &json!({"viewer_info": {"enabled": true}})).await;
    let options = json!([{"text": "yes"}, {"text": "no"}]);
    let poll = json!({"poll": {"multi_choice": {"question": "Tea?", "options": options}}});
    let poll = stage.act("POST", "/polls", &poll).await["poll"].clone();
    let id = poll["id"].as_str().unwrap();
    stage.act("POST", &format!("/polls/{id}:change"), &json!({"action": "ACTION_START"})).await;
    let option = &poll["multi_choice"]["options"][0]["id"];
    let vote = json!({
        "id": "4", "type": "INTERACTION_TYPE_POLL_USER_VOTE",
        "poll_user_vote": {"poll_id": id, "option_ids": [option]}
    });
    ada.must_say(&vote).await;
    stage.mute().await;
    let before = stage.state().await;
    let history = stage.history("eve").await;
    drop((ada, stage));

    let stage = Stage::again(server_in(directory.path(), SETTINGS).await, room).await;
    assert_eq!(stage.state().await, before);
    assert_eq!(stage.history("eve").await, history);
    let mut ada = stage.join("ada", Role::Viewer).await;
    for again in [text("1", "pinned"), text("2", "deleted"), press("3", "like", 5), vote] {
        ada.must_say(&again).await;
    }
    assert!(matches!(ada.say(&text("5", "new")).await, Ack::Refused { .. }), "the room is still muted");
    let now = stage.state().await;
    for field in ["custom_counters", "active_poll", "pinned_messages", "blocked_users"] {
        assert_eq!(now[field], before[field], "{field}");
    }
    assert_eq!(stage.history("eve").await, history);
    let mut boss = stage.join("boss", Role::Admin).await;
    boss.must_say(&text("6", "by whom?")).await;
    assert_eq!(boss.message_of("INTERACTION_TYPE_TEXT").await["user"]["custom_name"], "Countess");
    let mut bob = stage.join("bob", Role::Viewer).await;
    stage.unmute().await;
    bob.must_say(&text("7", "anybody?")).await;
    assert_eq!(bob.message_of("INTERACTION_TYPE_TEXT").await["user"]["blocked"], Value::Bool(true));
    ada.must_say(&press("8", "like", 1)).await;
    let counter = stage.state().await["custom_counters"][0].clone();
    assert_eq!(counter["value"], 6);
    assert!(counter["version_number"].as_str() > before["custom_counters"][0]["version_number"].as_str());
}
