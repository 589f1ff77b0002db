//! Mutes, pins, deletions and names.

use chatroom_mqtt::ReasonCode;
use chatroom_wire::rest::Role;
use serde_json::{Value, json};

use super::{Stage, kinds, text};
use crate::bed::Ack;

fn refused(ack: Ack) -> (ReasonCode, String) {
    match ack {
        Ack::Refused { reason, text, .. } => (reason, text),
        Ack::Taken => panic!("it was taken"),
    }
}

#[tokio::test]
async fn a_muted_viewer_is_refused_and_an_admin_goes_on() {
    let stage = Stage::new(&[]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    let mut boss = stage.join("boss", Role::Admin).await;
    stage.mute().await;
    let ack = ada.say(&text("1", "hello?")).await;
    assert_eq!(refused(ack), (ReasonCode::NOT_AUTHORIZED, "the room is muted".to_owned()));
    boss.must_say(&text("2", "quiet, please")).await;
    let muted = ada.message().await;
    assert_eq!((&muted["type"], &muted["user"]["id"]), (&json!("INTERACTION_TYPE_MUTE"), &json!("boss")));
    assert_eq!(ada.texts(1).await, ["quiet, please"]);
    assert_eq!(stage.state().await["muted"], true);
    stage.unmute().await;
    ada.must_say(&text("1", "hello?")).await;
    assert_eq!(ada.message().await["type"], "INTERACTION_TYPE_UNMUTE");
    assert_eq!(ada.texts(1).await, ["hello?"], "a refused message may be said later");
}

#[tokio::test]
async fn who_sends_again_what_was_said_before_the_mute_is_told_that_it_was_said() {
    let stage = Stage::new(&[]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    ada.must_say(&text("1", "early")).await;
    stage.mute().await;
    assert_eq!(kinds(&[ada.message().await, ada.message().await]), ["TEXT", "MUTE"]);
    ada.must_say(&text("1", "early")).await;
    assert_eq!(ada.texts(1).await, ["early"], "it comes back as proof");
    assert!(matches!(ada.say(&text("2", "late")).await, Ack::Refused { .. }));
    let mut bob = stage.join("bob", Role::Viewer).await;
    assert!(matches!(bob.say(&text("1", "early")).await, Ack::Refused { .. }), "it is another's message");
    assert_eq!(kinds(&stage.history("eve").await), ["TEXT", "MUTE"]);
}

#[tokio::test]
async fn what_is_done_already_is_not_announced_again() {
    let stage = Stage::new(&[]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    ada.must_say(&text("1", "hello")).await;
    for _ in 0..2 {
        stage.mute().await;
        stage.block("bob").await;
        stage.pin("1").await;
        stage.act("PUT", "/viewer-infos", &json!({"viewer_info": {"enabled": true}})).await;
    }
    for _ in 0..2 {
        stage.unmute().await;
        stage.unblock("bob").await;
        stage.delete("1").await;
        stage.act("PUT", "/viewer-infos", &json!({"viewer_info": {"enabled": false}})).await;
    }
    let wanted = [
        "MUTE",
        "BLOCK_USER",
        "PIN_MESSAGE",
        "VIEWER_INFO_ENABLED",
        "UNMUTE",
        "UNBLOCK_USER",
        "UNPIN_MESSAGE",
        "DELETE_MESSAGE",
        "VIEWER_INFO_DISABLED",
    ];
    assert_eq!(kinds(&stage.history("eve").await), wanted);
}

#[tokio::test]
async fn a_deleted_message_is_in_no_page_and_the_same_id_again_brings_nothing_back() {
    let stage = Stage::new(&[]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    ada.must_say(&text("1", "a secret")).await;
    ada.must_say(&text("2", "a greeting")).await;
    assert_eq!(ada.texts(2).await, ["a secret", "a greeting"]);
    stage.delete("1").await;
    ada.must_say(&text("1", "a secret")).await;
    stage.mute().await;
    ada.must_say(&text("1", "a secret")).await;
    for who in ["ada", "eve"] {
        let history = stage.history(who).await;
        assert_eq!(kinds(&history), ["TEXT", "DELETE_MESSAGE", "MUTE"]);
        assert!(!Value::from(history).to_string().contains("secret"));
    }
    let answer = stage.call("DELETE", "/messages/never", &Value::Null).await;
    assert_eq!((answer.status, answer.refusal().0), (404, 5));
    let mut heard = Vec::new();
    for _ in 0..2 {
        heard.push(ada.message().await);
    }
    assert_eq!(kinds(&heard), ["DELETE_MESSAGE", "MUTE"], "nothing is said twice");
    assert_eq!(heard[0]["delete_message"], json!({"id": "1"}));
}

#[tokio::test]
async fn what_is_deleted_before_it_went_out_goes_out_no_more() {
    // A packet leaves when the window ends, which takes longer than this test, or when it is full.
    let stage = Stage::new(&[("batch.window", "10s"), ("batch.max", "16KiB"), ("text.max", "20000")]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    let mut bob = stage.join("bob", Role::Viewer).await;
    ada.must_say(&text("1", "first")).await;
    ada.must_say(&text("2", "a secret")).await;
    ada.must_say(&text("3", "a greeting")).await;
    stage.delete("2").await;
    ada.must_say(&text("4", &"long".repeat(5000))).await;
    for client in [&mut ada, &mut bob] {
        let mut heard = Vec::new();
        while heard.last().is_none_or(|last: &Value| last["type"] != "INTERACTION_TYPE_DELETE_MESSAGE") {
            heard.push(client.message().await);
        }
        assert_eq!(kinds(&heard), ["TEXT", "TEXT", "DELETE_MESSAGE"]);
        assert!(!Value::from(heard).to_string().contains("secret"));
        assert_eq!(client.numbers.last().unwrap().1, 4, "its number is gone through all the same");
    }
}

#[tokio::test]
async fn a_pin_of_what_is_deleted_before_it_went_out_goes_out_no_more() {
    // As above.
    let stage = Stage::new(&[("batch.window", "10s"), ("batch.max", "16KiB"), ("text.max", "20000")]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    let mut bob = stage.join("bob", Role::Viewer).await;
    let long = "long".repeat(5000);
    ada.must_say(&text("1", "a secret")).await;
    ada.must_say(&text("2", &long)).await;
    assert_eq!(bob.message().await["id"], "1");
    stage.pin("1").await;
    stage.delete("1").await;
    ada.must_say(&text("3", &long)).await;
    assert_eq!(bob.message().await["id"], "2");
    let heard = [bob.message().await, bob.message().await];
    assert_eq!(kinds(&heard), ["UNPIN_MESSAGE", "DELETE_MESSAGE"]);
    assert!(!Value::from(heard.to_vec()).to_string().contains("secret"));
    assert_eq!(bob.numbers, [(0, 1), (1, 2), (2, 5)]);
}

#[tokio::test]
async fn a_pin_is_the_message_as_the_log_has_it_and_goes_with_it() {
    let stage = Stage::new(&[]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    ada.must_say(&text("1", "the truth")).await;
    let forged = json!({"pinned_message": {
        "message": {"id": "1", "text": "a lie", "sender": {"id": "bob"}}, "action_taker": {"custom_name": "The Boss"}
    }});
    stage.act("POST", "/messages:pin", &forged).await;
    ada.message().await;
    let pinned = ada.message().await;
    let pin = &pinned["pin_unpin_message"];
    assert_eq!(
        pin["message"],
        json!({"id": "1", "text": "the truth", "sender": {"id": "ada", "device_id": "ada's phone", "custom_name": "ada"}})
    );
    assert_eq!((&pin["action_taker"]["id"], &pin["action_taker"]["custom_name"]), (&json!("boss"), &json!("The Boss")));
    assert_eq!(pinned["user"]["custom_name"], "The Boss");
    assert_eq!(stage.state().await["pinned_messages"], json!([pin]));
    stage.delete("1").await;
    assert_eq!(ada.message().await["type"], "INTERACTION_TYPE_UNPIN_MESSAGE");
    assert_eq!(ada.message().await["type"], "INTERACTION_TYPE_DELETE_MESSAGE");
    assert_eq!(stage.state().await["pinned_messages"], json!([]));
    let again = stage.call("POST", "/messages:pin", &forged).await;
    assert_eq!((again.status, again.refusal().0), (404, 5));
}

#[tokio::test]
async fn a_deleted_message_leaves_neither_text_nor_sender_in_announcements_of_pins() {
    let stage = Stage::new(&[]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    ada.must_say(&text("1", "a secret")).await;
    ada.must_say(&text("2", "a greeting")).await;
    for id in ["1", "2", "1"] {
        stage.pin(id).await;
        stage.act("POST", "/messages:unpin", &json!({"unpinned_message": {"message": {"id": id}}})).await;
    }
    stage.pin("1").await;
    ada.message_of("INTERACTION_TYPE_PIN_MESSAGE").await;
    stage.delete("1").await;
    let history = stage.history("eve").await;
    let pins = ["PIN_MESSAGE", "UNPIN_MESSAGE"].repeat(4);
    assert_eq!(kinds(&history), [&["TEXT"], &pins[..], &["DELETE_MESSAGE"]].concat());
    let texts: Vec<&Value> =
        history[1..9].iter().map(|message| &message["pin_unpin_message"]["message"]["text"]).collect();
    assert_eq!(texts, ["", "", "a greeting", "a greeting", "", "", "", ""]);
    let nobody = json!({"custom_name": ""});
    for (place, message) in history[1..9].iter().enumerate() {
        let sender = &message["pin_unpin_message"]["message"]["sender"];
        if matches!(place, 2 | 3) {
            assert_eq!(sender["custom_name"], "ada", "the other message's pins stay as they are");
        } else {
            assert_eq!(*sender, nobody, "{message}");
        }
    }
    let mut last = ada.message().await;
    while last["type"] != "INTERACTION_TYPE_DELETE_MESSAGE" {
        let now = ada.message().await;
        if now["type"] == "INTERACTION_TYPE_DELETE_MESSAGE" {
            assert_eq!(last["type"], "INTERACTION_TYPE_UNPIN_MESSAGE");
            let quoted = &last["pin_unpin_message"]["message"];
            assert_eq!(
                (&quoted["text"], &quoted["sender"]),
                (&json!(""), &nobody),
                "what goes out with the deletion tells nothing"
            );
        }
        last = now;
    }
}

#[tokio::test]
async fn what_has_no_text_and_what_is_too_much_can_not_be_pinned() {
    let stage = Stage::new(&[("pins.max", "1")]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    let wave = json!({"id": "1", "type": "INTERACTION_TYPE_CUSTOM", "custom_message": {"value": "wave"}});
    for message in [wave, text("2", "two"), text("3", "three")] {
        ada.must_say(&message).await;
    }
    stage.pin("2").await;
    for (id, status, code) in [("1", 400, 9), ("3", 429, 8), ("4", 404, 5)] {
        let answer = stage.call("POST", "/messages:pin", &json!({"pinned_message": {"message": {"id": id}}})).await;
        assert_eq!((answer.status, answer.refusal().0), (status, code), "{id}");
    }
}

#[tokio::test]
async fn a_name_that_is_taken_holds_for_all_that_does_not_say_another() {
    let stage = Stage::new(&[]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    let mut boss = stage.join("boss", Role::Admin).await;
    boss.must_say(&text("1", "before")).await;
    stage.act("PUT", "/users", &json!({"custom_name": "Countess"})).await;
    boss.must_say(&text("2", "after")).await;
    let mut named = text("3", "by the way");
    named["user"] = json!({"custom_name": "B."});
    boss.must_say(&named).await;
    for name in ["boss", "Countess", "B."] {
        assert_eq!(ada.message().await["user"]["custom_name"], name);
    }
}

#[tokio::test]
async fn who_took_a_name_comes_in_under_it() {
    let stage = Stage::new(&[]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    stage.act("PUT", "/users", &json!({"custom_name": "Countess"})).await;
    stage.join("boss", Role::Admin).await;
    let mut entrance = ada.message_of("INTERACTION_TYPE_ENTRANCE").await;
    while entrance["entrance_message"]["id"] != "boss" {
        entrance = ada.message_of("INTERACTION_TYPE_ENTRANCE").await;
    }
    assert_eq!(entrance["entrance_message"]["custom_name"], "Countess");
    assert_eq!(entrance["user"]["custom_name"], "Countess");
}
