//! The number of viewers.

use chatroom_wire::rest::Role;
use serde_json::{Value, json};

use super::Stage;

async fn show(stage: &Stage, enabled: bool) {
    stage.act("PUT", "/viewer-infos", &json!({"viewer_info": {"enabled": enabled}})).await;
}

#[tokio::test]
async fn while_it_is_shown_the_number_is_told_as_it_changes_and_the_room_answers_what_was_told() {
    let stage = Stage::new(&[("presence.interval", "100ms")]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    ada.must_say(&super::text("0", "hello")).await;
    show(&stage, true).await;
    let mut last = ada.message_of("INTERACTION_TYPE_VIEWER_INFO_ENABLED").await["viewer_info"].clone();
    assert_eq!((&last["enabled"], &last["count"]), (&json!(true), &json!(1)));
    assert_eq!(stage.state().await["viewer_info"], last);
    let mut bobs = Vec::new();
    for who in ["bob", "bea"] {
        bobs.push(stage.join(who, Role::Viewer).await);
    }
    let mut until = async |count: i64, last: &mut Value| {
        while last["count"] != count {
            let next = ada.message_of("INTERACTION_TYPE_VIEWER_INFO_UPDATE").await["viewer_info"].clone();
            assert!(next["version_number"].as_str() > last["version_number"].as_str());
            *last = next;
        }
        assert_eq!(stage.state().await["viewer_info"], *last);
    };
    until(3, &mut last).await;
    for bob in bobs {
        bob.disconnect().await;
    }
    until(1, &mut last).await;
    show(&stage, false).await;
    let hidden = ada.message_of("INTERACTION_TYPE_VIEWER_INFO_DISABLED").await["viewer_info"].clone();
    assert_eq!((&hidden["enabled"], &hidden["count"]), (&json!(false), &json!(0)));
    assert_eq!(stage.state().await["viewer_info"], hidden);
}
