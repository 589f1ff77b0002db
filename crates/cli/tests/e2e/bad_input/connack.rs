//! Servers that refuse the connection or the subscription, or don't speak MQTT 5.

use chatroom_mqtt::ReasonCode;
use chatroom_testkit::scripted::{OnConnect, OnSubscribe, Script};

use super::{Bed, Case, Command, check};

const OWN_WORDS: &str = "because the test says so";

/// Every error code that MQTT 5 knows for a CONNACK, with the exit code that it leads to.
const CONNECT_ERRORS: [(ReasonCode, i32); 21] = [
    (ReasonCode(0x80), 3),
    (ReasonCode(0x81), 1),
    (ReasonCode(0x82), 1),
    (ReasonCode(0x83), 3),
    (ReasonCode(0x84), 3),
    (ReasonCode(0x85), 1),
    (ReasonCode(0x86), 4),
    (ReasonCode(0x87), 4),
    (ReasonCode(0x88), 3),
    (ReasonCode(0x89), 3),
    (ReasonCode(0x8A), 1),
    (ReasonCode(0x8C), 4),
    (ReasonCode(0x90), 1),
    (ReasonCode(0x95), 1),
    (ReasonCode(0x97), 3),
    (ReasonCode(0x99), 1),
    (ReasonCode(0x9A), 1),
    (ReasonCode(0x9B), 1),
    (ReasonCode(0x9C), 1),
    (ReasonCode(0x9D), 1),
    (ReasonCode(0x9F), 3),
];

#[tokio::test]
async fn each_refusal_of_a_connack_is_told_in_the_server_s_words_or_in_plain_ones() {
    let bed = Bed::new();
    let mut cases = Vec::new();
    for (reason, code) in CONNECT_ERRORS {
        cases.push(connack(&bed, reason, Some(OWN_WORDS), code, OWN_WORDS).await);
        cases.push(connack(&bed, reason, None, code, reason.sentence()).await);
    }
    check(cases).await;
}

#[tokio::test]
async fn a_server_that_does_not_speak_mqtt_5_is_told_as_that_in_time() {
    let bed = Bed::patient();
    let mut cases = Vec::new();
    for (name, connect, words) in [
        ("a CONNACK of MQTT 3.1.1", OnConnect::Bytes(vec![0x20, 2, 0, 1]), "MQTT 5"),
        ("a silent TCP close", OnConnect::CloseTcp, "MQTT 5"),
        ("a WebSocket close", OnConnect::CloseWebSocket, "MQTT 5"),
        ("no answer at all", OnConnect::Silence, "did not answer the CONNECT"),
        ("no packet at all", OnConnect::Bytes(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()), "packet"),
        ("a PINGRESP", OnConnect::Bytes(vec![0xD0, 0]), "packet"),
    ] {
        let script = Script { connect, ..Script::default() };
        cases.push(bed.scripted(name, Command::Tail, script.clone(), 3, words).await);
        cases.push(bed.scripted(name, Command::Send, script, 3, words).await);
    }
    check(cases).await;
}

#[tokio::test]
async fn a_subscription_that_is_refused_is_told() {
    let bed = Bed::new();
    let mut cases = Vec::new();
    for (reason, code) in [(0x80, 3), (0x83, 3), (0x87, 4), (0x8F, 1), (0x91, 1), (0x97, 3), (0x9E, 1), (0xA2, 1)] {
        let reason = ReasonCode(reason);
        let subscribe = OnSubscribe::Refuse(reason, Some(OWN_WORDS.to_owned()));
        let script = Script { subscribe, ..Script::default() };
        cases.push(bed.scripted(format!("SUBACK {reason}"), Command::Tail, script, code, OWN_WORDS).await);
    }
    let silent = Script { subscribe: OnSubscribe::Silence, ..Script::default() };
    cases.push(bed.scripted("no SUBACK", Command::Tail, silent, 3, "gave up").await);
    check(cases).await;
}

async fn connack(bed: &Bed, reason: ReasonCode, text: Option<&str>, code: i32, words: &str) -> Case {
    let connect = OnConnect::Refuse(reason, text.map(ToOwned::to_owned));
    let script = Script { connect, ..Script::default() };
    bed.scripted(format!("CONNACK {reason}"), Command::Tail, script, code, words).await
}
