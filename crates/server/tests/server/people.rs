//! Who comes and goes, and how many there are.

use chatroom_wire::rest::Role;
use serde_json::json;

use crate::bed::{Client, config, join, server, text, token};

const ENTRANCE: &str = "INTERACTION_TYPE_ENTRANCE";
const BROADCAST: &str = "INTERACTION_TYPE_BROADCAST_UPDATE";

#[tokio::test]
async fn who_comes_in_is_announced_once_and_not_at_each_reconnect() {
    let server = server(&[]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    assert_eq!(ada.message_of(ENTRANCE).await["entrance_message"]["id"], "ada");
    for _ in 0..2 {
        join(&server, "bob", Role::Admin).await.disconnect().await;
    }
    join(&server, "eve", Role::Viewer).await;
    let bob = ada.message_of(ENTRANCE).await;
    assert_eq!(
        bob["entrance_message"],
        json!({"id": "bob", "device_id": "bob's phone", "custom_name": "bob", "is_admin": true})
    );
    assert_eq!(bob["user"]["id"], "bob");
    assert_eq!(ada.message_of(ENTRANCE).await["entrance_message"]["id"], "eve");
}

#[tokio::test]
async fn in_a_crowd_nobody_is_announced() {
    let server = server(&[("entrance.max_viewers", "1"), ("presence.interval", "100ms")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    ada.message_of(ENTRANCE).await;
    join(&server, "bob", Role::Viewer).await;
    ada.must_say(&text("who is there?")).await;
    loop {
        let message = ada.anything().await;
        assert_ne!(message["type"], ENTRANCE);
        if message["type"] == "INTERACTION_TYPE_TEXT" {
            break;
        }
    }
}

#[tokio::test]
async fn the_numbers_of_viewers_are_told_as_they_change_and_count_people_not_connections() {
    let server = server(&[("presence.interval", "100ms")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut expect = async |concurrent: i64, total: i64| {
        loop {
            let metrics = ada.message_of(BROADCAST).await["broadcast_message"]["viewer_metrics"].clone();
            assert!(metrics["concurrent"]["updated_at"].is_string());
            if (metrics["concurrent"]["count"].as_i64(), metrics["total"]["count"].as_i64())
                == (Some(concurrent), Some(total))
            {
                break;
            }
        }
    };
    expect(1, 1).await;
    let token = token(&server, "bob", Role::Viewer).await.token;
    let mut devices = Vec::new();
    for _ in 0..3 {
        let mut device = Client::connect(&server, &config(&server, &token).await).await;
        device.listen().await;
        devices.push(device);
    }
    expect(2, 2).await;
    for device in devices {
        device.disconnect().await;
    }
    expect(1, 2).await;
}

#[tokio::test]
async fn notices_are_neither_stored_nor_numbered() {
    let server = server(&[]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    ada.message_of(ENTRANCE).await;
    assert_eq!(ada.numbers, []);
    ada.must_say(&text("first")).await;
    ada.texts(1).await;
    assert_eq!(ada.numbers, [(0, 1)]);
    let token = token(&server, "ada", Role::Viewer).await.token;
    let history = crate::bed::get(&server, "/chatrooms/messages", token.expose()).await.json();
    assert_eq!(history["messages"].as_array().unwrap().len(), 1);
}
