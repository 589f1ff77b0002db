//! Stickers through real sockets: packs over REST, and what becomes of stickers over MQTT.

use chatroom_mqtt::ReasonCode;
use chatroom_server::RunningServer;
use chatroom_wire::rest::{PREFIX, Role};
use serde_json::{Value, json};

use crate::bed::{Ack, Answer, call, get, http::bearer, join, post, server, token};

#[tokio::test]
async fn a_room_uses_the_built_in_pack_until_an_admin_says_otherwise() {
    let server = server(&[]).await;
    let (boss, ada) =
        (token(&server, "boss", Role::Admin).await.token, token(&server, "ada", Role::Viewer).await.token);
    let (boss, ada) = (boss.expose(), ada.expose());
    let packs = ok(&get(&server, "/chatrooms/stickerpacks", ada).await);
    let pack = packs["sticker_packs"][0].clone();
    let path = format!("/chatrooms/stickerpacks/{}", pack["id"].as_str().unwrap());
    let whole = ok(&get(&server, &path, ada).await);
    assert_eq!(whole["sticker_pack"], pack);
    assert_eq!(whole["stickers"].as_array().unwrap().len(), 12);
    assert!(whole["stickers"][0]["image_url"].as_str().unwrap().starts_with("data:image/svg+xml"));

    let off = ok(&put(&server, &path, boss, r#"{"enabled":false}"#).await);
    assert_eq!(off, json!({"sticker_pack": pack, "enabled": false}));
    assert_eq!(ok(&get(&server, "/chatrooms/stickerpacks", ada).await)["sticker_packs"], json!([]));
    let hidden = get(&server, &path, ada).await;
    assert_eq!((hidden.status, hidden.refusal().0), (404, 5));
    assert_eq!(ok(&get(&server, &path, boss).await), whole, "an admin sees what can be switched on");
    let list = ok(&post(&server, "/chatrooms/stickerpacks:admin-list", boss, "").await);
    assert_eq!(list["results"], json!([{"sticker_pack": pack, "enabled": false}]));

    ok(&put(&server, &path, boss, r#"{"enabled":true}"#).await);
    assert_eq!(ok(&get(&server, "/chatrooms/stickerpacks", ada).await), packs);
}

#[tokio::test]
async fn a_sticker_gets_its_text_from_the_server_and_one_that_is_not_in_use_is_refused() {
    let server = server(&[]).await;
    let boss = token(&server, "boss", Role::Admin).await.token;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    ada.must_say(&sticker("live", "heart")).await;
    let message = ada.message_of("INTERACTION_TYPE_STICKER").await;
    assert_eq!(message["sticker_message"], json!({"sticker_pack_id": "live", "id": "heart", "text": "❤️"}));
    for (pack, id) in [("live", "brick"), ("dead", "heart")] {
        assert_refused(&ada.say(&sticker(pack, id)).await);
    }
    ok(&put(&server, "/chatrooms/stickerpacks/live", boss.expose(), r#"{"enabled":false}"#).await);
    assert_refused(&ada.say(&sticker("live", "heart")).await);
    ok(&put(&server, "/chatrooms/stickerpacks/live", boss.expose(), r#"{"enabled":true}"#).await);
    ada.must_say(&sticker("live", "heart")).await;
}

#[tokio::test]
async fn a_sticker_token_shows_all_packs_and_opens_no_room() {
    let server = server(&[]).await;
    let answer = ok(&post(&server, "/stickerpacks/tokens", server.org_token().expose(), "").await);
    assert_eq!(answer["expires_in"], 7 * 24 * 60 * 60);
    let stickers = answer["token"].as_str().unwrap();
    let packs = ok(&get(&server, "/stickerpacks", stickers).await);
    let id = packs["sticker_packs"][0]["id"].as_str().unwrap();
    let pack = ok(&get(&server, &format!("/stickerpacks/{id}"), stickers).await);
    assert_eq!(pack["sticker_pack"], packs["sticker_packs"][0]);
    assert_eq!(get(&server, "/stickerpacks/none", stickers).await.status, 404);
    for path in ["/chatrooms", "/chatrooms/stickerpacks", "/dictionaries"] {
        assert_eq!(get(&server, path, stickers).await.status, 403, "{path}");
    }
}

#[tokio::test]
async fn a_pack_that_is_not_there_can_not_be_switched() {
    let server = server(&[]).await;
    let boss = token(&server, "boss", Role::Admin).await.token;
    for body in [r#"{"enabled":true}"#, r#"{"enabled":false}"#] {
        let refused = put(&server, "/chatrooms/stickerpacks/none", boss.expose(), body).await;
        assert_eq!((refused.status, refused.refusal().0), (404, 5));
    }
    assert_eq!(put(&server, "/chatrooms/stickerpacks/live", boss.expose(), "{}").await.status, 400);
}

fn sticker(pack: &str, id: &str) -> Value {
    json!({"type": "INTERACTION_TYPE_STICKER", "user": {"custom_name": "me"},
           "sticker_message": {"sticker_pack_id": pack, "id": id, "text": "what the sender says"}})
}

fn assert_refused(ack: &Ack) {
    let Ack::Refused { reason, text, .. } = ack else { panic!("it was taken") };
    assert_eq!(*reason, ReasonCode::PAYLOAD_FORMAT_INVALID);
    assert!(!text.is_empty());
}

async fn put(server: &RunningServer, path: &str, token: &str, body: &str) -> Answer {
    call(server, "PUT", &format!("{PREFIX}{path}"), &[&bearer(token)], body).await
}

fn ok(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}
