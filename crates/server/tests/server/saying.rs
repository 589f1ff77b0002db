//! PUBLISH: what is said, what is refused, and how the sender learns it.

use chatroom_mqtt::ReasonCode;
use chatroom_wire::{Time, rest::Role};
use serde_json::{Value, json};

use crate::bed::{Ack, Client, config, get, join, server, text, token};

fn refused(ack: &Ack) -> (ReasonCode, &str) {
    match ack {
        Ack::Refused { reason, text, .. } => (*reason, text),
        Ack::Taken => panic!("it was taken"),
    }
}

#[tokio::test]
async fn what_one_says_all_hear_and_the_history_keeps() {
    let server = server(&[]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut bob = join(&server, "bob", Role::Viewer).await;
    ada.must_say(&text("hello")).await;
    let heard = bob.message().await;
    assert_eq!(heard, ada.message().await, "the sender hears its own message as all do");
    assert_eq!(heard["text_message"]["text"], "hello");
    let token = token(&server, "eve", Role::Viewer).await.token;
    let history = get(&server, "/chatrooms/messages?limit=10", token.expose()).await.json();
    assert_eq!(history, json!({"messages": [heard]}));
}

#[tokio::test]
async fn nothing_that_a_sender_claims_of_itself_reaches_others() {
    let server = server(&[]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut forged = text("I am root");
    forged["user"] = json!({"id": "root", "device_id": "x", "custom_name": "Ada", "is_admin": true, "blocked": true});
    for field in ["received_at", "published_at", "created_at"] {
        forged[field] = json!("1999-01-01T00:00:00Z");
    }
    forged["sent_at"] = json!("2026-01-01T00:00:00.123Z");
    ada.must_say(&forged).await;
    let heard = ada.message().await;
    assert_eq!(
        heard["user"],
        json!({"id": "ada", "device_id": "ada's phone", "custom_name": "Ada", "is_admin": false, "is_guest": false, "blocked": false})
    );
    assert_eq!(heard["sent_at"], "2026-01-01T00:00:00.123Z");
    assert!(heard.get("created_at").is_none());
    let received_at = heard["received_at"].as_str().unwrap();
    assert!(!received_at.starts_with("1999") && received_at.len() == "2026-01-01T00:00:00.000000000Z".len());
}

#[tokio::test]
async fn all_hear_the_same_order_and_the_times_grow_strictly() {
    let server = server(&[("rate.viewer", "100000")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut bob = join(&server, "bob", Role::Viewer).await;
    for round in 0..50 {
        ada.publish(text(&format!("ada {round}")).to_string()).await;
        bob.publish(text(&format!("bob {round}")).to_string()).await;
    }
    let mut heard = Vec::new();
    for client in [&mut ada, &mut bob] {
        let mut messages = Vec::new();
        for _ in 0..100 {
            messages.push(client.message().await);
        }
        heard.push(messages);
    }
    assert_eq!(heard[0], heard[1]);
    let times: Vec<Time> =
        heard[0].iter().map(|message| message["received_at"].as_str().unwrap().parse().unwrap()).collect();
    assert!(times.is_sorted_by(|a, b| a < b));
    for who in ["ada", "bob"] {
        let rounds: Vec<u32> = heard[0]
            .iter()
            .filter_map(|message| message["text_message"]["text"].as_str()?.strip_prefix(who)?.trim().parse().ok())
            .collect();
        assert_eq!(rounds, (0..50).collect::<Vec<_>>(), "nobody's messages overtake each other");
    }
}

#[tokio::test]
async fn the_same_id_again_is_acknowledged_and_comes_back_to_its_author_alone_without_numbers() {
    let server = server(&[]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut tablet = join(&server, "ada", Role::Viewer).await;
    let mut listener = join(&server, "listener", Role::Viewer).await;
    let mut message = text("once");
    message["id"] = json!("my-id");
    ada.must_say(&message).await;
    let first = ada.message().await;
    let mut other_words = message.clone();
    other_words["text_message"]["text"] = json!("other words");
    ada.must_say(&other_words).await;
    assert_eq!(ada.message().await, first, "as it was stored, whatever comes with the id now");
    ada.must_say(&text("then")).await;
    assert_eq!(ada.texts(1).await, ["then"]);
    assert_eq!(tablet.texts(3).await, ["once", "once", "then"]);
    assert_eq!(listener.texts(2).await, ["once", "then"]);
    for client in [&ada, &tablet, &listener] {
        assert_eq!(client.numbers, [(0, 1), (1, 2)]);
    }

    let mut bob = join(&server, "bob", Role::Viewer).await;
    let ack = bob.say(&message).await;
    assert_eq!(refused(&ack).0, ReasonCode::NOT_AUTHORIZED, "an id is its first user's");
}

#[tokio::test]
async fn the_same_id_twice_in_one_turn_is_said_once() {
    let server = server(&[("rate.viewer", "1000")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut bob = join(&server, "bob", Role::Viewer).await;
    let mut message = text("once");
    message["id"] = json!("my-id");
    let mut ids = Vec::new();
    for _ in 0..20 {
        ids.push(ada.publish(message.to_string()).await);
    }
    for id in ids {
        assert_eq!(ada.ack(id).await, Ack::Taken);
    }
    ada.must_say(&text("then")).await;
    let mut heard = ada.texts(1).await;
    while heard.last().unwrap() != "then" {
        heard.extend(ada.texts(1).await);
    }
    assert!(heard[..heard.len() - 1].iter().all(|words| words == "once"), "{heard:?}");
    assert_eq!(bob.texts(2).await, ["once", "then"], "nobody else hears more than once");
}

#[tokio::test]
async fn a_hundred_times_the_same_is_one_row_one_broadcast_and_a_hundred_acknowledgements() {
    let server = server(&[("rate.viewer", "1000000")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut bob = join(&server, "bob", Role::Viewer).await;
    let mut message = text("once");
    message["id"] = json!("my-id");
    for _ in 0..100 {
        ada.must_say(&message).await;
    }
    ada.must_say(&text("then")).await;
    assert_eq!(bob.texts(2).await, ["once", "then"]);
    let token = token(&server, "eve", Role::Viewer).await.token;
    let history = get(&server, "/chatrooms/messages?limit=100", token.expose()).await.json();
    assert_eq!(history["messages"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn each_refusal_has_its_reason_and_a_text() {
    let server = server(&[("text.max", "10"), ("rate.viewer", "1000")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mute = json!({"type": "INTERACTION_TYPE_MUTE"});
    let unknown = json!({"type": "INTERACTION_TYPE_DANCE"});
    let cases: [(String, ReasonCode, &str); 8] = [
        (text("01234567890").to_string(), ReasonCode::PAYLOAD_FORMAT_INVALID, "11 characters; 10 are allowed"),
        (text(" ").to_string(), ReasonCode::PAYLOAD_FORMAT_INVALID, "empty"),
        (String::new(), ReasonCode::PAYLOAD_FORMAT_INVALID, "JSON object"),
        ("[]".to_owned(), ReasonCode::PAYLOAD_FORMAT_INVALID, "JSON object"),
        ("{".to_owned(), ReasonCode::PAYLOAD_FORMAT_INVALID, "no message"),
        (mute.to_string(), ReasonCode::NOT_AUTHORIZED, "INTERACTION_TYPE_MUTE"),
        (unknown.to_string(), ReasonCode::PAYLOAD_FORMAT_INVALID, "not known"),
        (
            json!({"type": 1, "id": "a b", "text_message": {"text": "x"}}).to_string(),
            ReasonCode::PAYLOAD_FORMAT_INVALID,
            "id",
        ),
    ];
    for (payload, reason, words) in cases {
        let id = ada.publish(&payload).await;
        let ack = ada.ack(id).await;
        let (said, text) = refused(&ack);
        assert_eq!(said, reason, "{payload}");
        assert!(text.contains(words), "{payload}: {text}");
    }
    ada.must_say(&text("fine")).await;
    assert_eq!(ada.texts(1).await, ["fine"], "nothing that was refused is heard");
}

#[tokio::test]
async fn who_writes_too_fast_is_told_when_to_try_again_and_a_later_message_does_not_overtake() {
    let server = server(&[("rate.viewer", "1")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut ids = Vec::new();
    for number in 0..6 {
        ids.push(ada.publish(text(&number.to_string()).to_string()).await);
    }
    let mut acks = Vec::new();
    for id in ids {
        acks.push(ada.ack(id).await);
    }
    assert_eq!(acks[..2], [Ack::Taken, Ack::Taken], "the burst is twice the rate");
    for ack in &acks[2..] {
        let Ack::Refused { reason, retry_after_ms, text } = ack else { panic!("{acks:?}") };
        assert_eq!(*reason, ReasonCode::QUOTA_EXCEEDED);
        assert!((1..=1000).contains(&retry_after_ms.unwrap()), "{ack:?}");
        assert!(text.contains("too fast"));
    }
    assert_eq!(ada.texts(2).await, ["0", "1"]);
}

#[tokio::test]
async fn the_rate_is_the_users_over_all_connections_and_an_admin_has_a_higher_one() {
    let server = server(&[("rate.viewer", "1"), ("rate.admin", "100")]).await;
    let token = token(&server, "ada", Role::Viewer).await.token;
    let mut first = Client::connect(&server, &config(&server, &token).await).await;
    let mut second = Client::connect(&server, &config(&server, &token).await).await;
    first.must_say(&text("1")).await;
    second.must_say(&text("2")).await;
    assert!(matches!(first.say(&text("3")).await, Ack::Refused { .. }));
    let mut admin = join(&server, "root", Role::Admin).await;
    for number in 0..20 {
        admin.must_say(&text(&number.to_string())).await;
    }
    assert_eq!(admin.message_of("INTERACTION_TYPE_TEXT").await["user"]["is_admin"], Value::Bool(true));
}

#[tokio::test]
async fn customs_are_said_and_presses_of_counters_that_the_room_does_not_have_are_not() {
    let server = server(&[]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    for custom in [json!({"value": "wave"}), json!({"value": "[1, 2]", "more": 7})] {
        ada.must_say(&json!({"type": "INTERACTION_TYPE_CUSTOM", "custom_message": custom})).await;
        assert_eq!(ada.message().await["custom_message"], custom);
    }
    let press = json!({"value": "[]", "incr": {"key": "like", "value": 7}});
    let ack = ada.say(&json!({"type": "INTERACTION_TYPE_CUSTOM", "custom_message": press})).await;
    assert_eq!(refused(&ack), (ReasonCode::PAYLOAD_FORMAT_INVALID, "the room has no such counter"));
}

#[tokio::test]
async fn as_many_messages_as_are_allowed_may_be_in_flight() {
    let server = server(&[("rate.viewer", "100000"), ("queue.publishes", "3")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut ids = Vec::new();
    for number in 0..100 {
        ids.push(ada.publish(text(&number.to_string()).to_string()).await);
    }
    for id in ids {
        assert_eq!(ada.ack(id).await, Ack::Taken);
    }
    assert_eq!(ada.texts(100).await, (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
}

#[tokio::test]
async fn what_is_said_with_the_last_breath_is_heard() {
    let server = server(&[]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let bob = join(&server, "bob", Role::Viewer).await;
    bob.say_and_go(text("goodbye").to_string()).await;
    assert_eq!(ada.texts(1).await, ["goodbye"]);
}

#[tokio::test]
async fn a_viewers_bytes_are_bounded_and_so_are_fields_that_nobody_knows() {
    let server = server(&[]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut bulky = text("hi");
    bulky["mood"] = "x".repeat(118 << 10).into();
    assert_eq!(refused(&ada.say(&bulky).await).0, ReasonCode::PAYLOAD_FORMAT_INVALID);
    let large = json!({
        "type": "INTERACTION_TYPE_CUSTOM", "user": {"custom_name": "Ada"},
        "custom_message": {"value": "x".repeat(100 << 10)},
    });
    ada.must_say(&large).await;
    let ack = ada.say(&large).await;
    let (reason, text) = refused(&ack);
    assert_eq!(reason, ReasonCode::QUOTA_EXCEEDED, "a refused message counts, too");
    assert!(text.contains("32768 bytes a second"), "{text}");
    let mut host = join(&server, "host", Role::Admin).await;
    for _ in 0..5 {
        host.must_say(&large).await;
    }
}

#[tokio::test]
async fn an_id_that_can_not_stand_in_a_path_is_refused() {
    let server = server(&[("rate.viewer", "100000")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let with = |id: Value| {
        let mut message = text("hi");
        message["id"] = id;
        message
    };
    for id in [
        ".",
        "..",
        "%2e",
        "%2E.",
        ".%2e",
        "%2e%2E",
        "%252e%252e",
        "a/b",
        "a%2Fb",
        "/",
        "a\\b",
        "a%5cb",
        "%00",
        "a%0ab",
        "%20",
        "%e2%80%8b",
        "a b",
        "ä",
        " ",
    ] {
        let ack = ada.say(&with(json!(id))).await;
        assert_eq!(refused(&ack).0, ReasonCode::PAYLOAD_FORMAT_INVALID, "{id}: {ack:?}");
        assert!(refused(&ack).1.contains("the id"), "{id}: {ack:?}");
    }
    for id in ["...", "a.b", "100%", "a:b", "%41", "0190ff2c-6d1a", "?", "#"] {
        ada.must_say(&with(json!(id))).await;
        assert_eq!(ada.message().await["id"], id);
    }
    // No id, in whichever way it is not there, is one that the server makes.
    for id in [Value::Null, json!("")] {
        ada.must_say(&with(id)).await;
        assert_eq!(ada.message().await["id"].as_str().unwrap().len(), 36);
    }
}

#[tokio::test]
async fn a_text_in_which_nothing_can_be_seen_is_refused_and_such_a_name_is_none() {
    let server = server(&[("rate.viewer", "100000")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let blank = [
        "",
        " \t\n",
        "\u{200b}",
        "\u{feff}\u{2060}",
        "\u{3164}",
        "\u{115f}\u{1160}",
        "\u{ffa0}",
        "\u{2800}",
        "\u{e0001}\u{e0061}",
        "\u{fe0f}",
        "\u{34f}",
        "\u{ad}",
        "\u{180e}",
        "\u{202e}",
        "\u{301}",
        "\u{1}",
        "\u{fffe}",
    ];
    for shown in blank {
        let ack = ada.say(&text(shown)).await;
        assert_eq!(refused(&ack), (ReasonCode::PAYLOAD_FORMAT_INVALID, "the text is empty"), "{shown:?}");
        let mut message = text("hi");
        message["user"]["custom_name"] = json!(shown);
        ada.must_say(&message).await;
        assert_eq!(ada.message().await["user"]["custom_name"], "ada", "{shown:?}");
    }
    for shown in [".", "\u{200b}a", "👩\u{200d}👧", "नमस्ते", "1\u{fe0f}\u{20e3}"] {
        ada.must_say(&text(shown)).await;
        assert_eq!(ada.message().await["text_message"]["text"], shown);
    }
}

#[tokio::test]
async fn null_in_a_message_is_the_same_as_missing() {
    let server = server(&[("rate.viewer", "100000")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    for message in [
        json!({"type": 1, "id": null, "user": null, "sent_at": null, "text_message": {"text": "hi", "filtered": null}}),
        json!({"type": 1, "user": {"id": null, "custom_name": null, "is_admin": null}, "text_message": {"text": "hi"}}),
        json!({"type": "INTERACTION_TYPE_CUSTOM", "custom_message": {"value": null, "incr": null}}),
    ] {
        ada.must_say(&message).await;
        assert_eq!(ada.message().await["user"]["custom_name"], "ada", "{message}");
    }
    for (null, missing) in [
        (json!({"type": 1, "text_message": {"text": null}}), json!({"type": 1, "text_message": {}})),
        (json!({"type": 1, "text_message": null}), json!({"type": 1})),
    ] {
        let (null, missing) = (ada.say(&null).await, ada.say(&missing).await);
        let words = |ack| refused(ack).1.split(" at line").next().unwrap_or_default().to_owned();
        assert_eq!((refused(&null).0, words(&null)), (refused(&missing).0, words(&missing)));
        assert!(refused(&null).1.contains("text_message"), "{null:?}");
    }
    // What is there and of a wrong type is still a mistake.
    for wrong in [
        json!({"type": 1, "text_message": {"text": 7}}),
        json!({"type": 1, "text_message": {"text": "hi"}, "id": 7}),
        json!({"type": 1, "text_message": {"text": "hi"}, "user": "ada"}),
    ] {
        assert_eq!(refused(&ada.say(&wrong).await).0, ReasonCode::PAYLOAD_FORMAT_INVALID, "{wrong}");
    }
}
