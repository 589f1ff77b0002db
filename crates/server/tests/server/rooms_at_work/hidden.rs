//! What only its author gets to see, and how nobody else notices.

use chatroom_wire::rest::Role;
use serde_json::{Value, json};

use super::{Stage, kinds, text};
use crate::bed::{Client, config, token_in};

/// No packet says that this client missed something.
fn sees_no_hole(client: &Client) {
    let mut last = client.position.unwrap();
    for (prev, seq) in &client.numbers {
        assert!(*prev <= last, "a hole between {last} and {prev}: {:?}", client.numbers);
        last = *seq;
    }
}

#[tokio::test]
async fn a_blocked_user_alone_hears_their_messages_marked_and_others_see_no_hole() {
    let stage = Stage::new(&[("rate.viewer", "1000")]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    let token = token_in(&stage.server, &stage.room, "ada", Role::Viewer).await.token;
    let mut tablet = Client::connect(&stage.server, &config(&stage.server, &token).await).await;
    tablet.listen().await;
    let mut bob = stage.join("bob", Role::Viewer).await;
    ada.must_say(&text("0", "before")).await;
    stage.block("ada").await;
    for round in 0..20 {
        ada.must_say(&text(&format!("a{round}"), &format!("ada {round}"))).await;
        if round % 3 == 0 {
            bob.must_say(&text(&format!("b{round}"), &format!("bob {round}"))).await;
        }
    }
    stage.unblock("ada").await;
    ada.must_say(&text("1", "after")).await;

    let mut wanted = Vec::new();
    let mut own = Vec::new();
    for round in 0..20 {
        own.push(format!("ada {round}"));
        if round % 3 == 0 {
            own.push(format!("bob {round}"));
            wanted.push(format!("bob {round}"));
        }
    }
    assert_eq!(bob.texts(1).await, ["before"]);
    let block = bob.message().await;
    assert_eq!(block["block_unblock_user"]["id"], "ada");
    assert_eq!(block["block_unblock_user"]["blocked"], true);
    assert_eq!(bob.texts(wanted.len()).await, wanted);
    assert_eq!(bob.message().await["type"], "INTERACTION_TYPE_UNBLOCK_USER");
    assert_eq!(bob.texts(1).await, ["after"]);
    sees_no_hole(&bob);
    for device in [&mut ada, &mut tablet] {
        assert_eq!(device.texts(1).await, ["before"]);
        device.message_of("INTERACTION_TYPE_BLOCK_USER").await;
        for words in &own {
            let message = device.message().await;
            assert_eq!(message["text_message"]["text"], *words, "all in the order in which it was said");
            assert_eq!(message["user"]["blocked"], words.starts_with("ada"));
        }
        device.message_of("INTERACTION_TYPE_UNBLOCK_USER").await;
        assert_eq!(device.texts(1).await, ["after"]);
        sees_no_hole(device);
    }
    let heard = stage.history("eve").await;
    assert!(!Value::from(heard.clone()).to_string().contains("ada 1"), "what was hidden stays hidden");
    assert_eq!(kinds(&heard).len(), 4 + wanted.len());
    assert_eq!(stage.history("ada").await.len(), 4 + own.len());
}

#[tokio::test]
async fn who_comes_while_only_hidden_messages_are_said_sees_no_hole() {
    let stage = Stage::new(&[]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    stage.block("ada").await;
    ada.must_say(&text("1", "anybody?")).await;
    let mut bob = stage.join("bob", Role::Viewer).await;
    ada.must_say(&text("2", "hello?")).await;
    bob.must_say(&text("3", "hi")).await;
    assert_eq!(bob.message_of("INTERACTION_TYPE_TEXT").await["text_message"]["text"], "hi");
    assert_eq!(bob.position, Some(2));
    sees_no_hole(&bob);
}

#[tokio::test]
async fn a_hidden_message_can_not_be_pinned() {
    let stage = Stage::new(&[]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    stage.block("ada").await;
    ada.must_say(&text("1", "look at me")).await;
    let answer = stage.call("POST", "/messages:pin", &json!({"pinned_message": {"message": {"id": "1"}}})).await;
    assert_eq!((answer.status, answer.refusal().0), (404, 5));
}
