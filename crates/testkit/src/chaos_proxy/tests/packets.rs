//! Faults at MQTT packets, here without WebSocket around them.

use super::*;

const CONNECT: &[u8] = crate::dial::CONNECT;
const CONNACK: &[u8] = b"\x20\x03\x00\x00\x00";
const PUBLISH: &[u8] = b"\x32\x08\x00\x01p\x00\x02\x00{}";
const PUBACK: &[u8] = b"\x40\x02\x00\x02";

/// Both sides say their first two packets; what each of them has heard at the end.
async fn talk(fault: &str, at: &str) -> ((Vec<u8>, Vec<u8>), Counters) {
    let bed = Bed::with(fault, at).await;
    let (mut client, mut server) = bed.pair().await;
    client.write_all(&[CONNECT, PUBLISH].concat()).await.unwrap();
    let mut heard = vec![0; CONNECT.len() + PUBLISH.len()];
    let mut length = 0;
    // What is cut up here has an end, else all of it comes.
    while length < heard.len() {
        match within("a packet", server.read(&mut heard[length..])).await {
            Ok(more @ 1..) => length += more,
            _ => break,
        }
    }
    heard.truncate(length);
    drop(server.write_all(&[CONNACK, PUBACK].concat()).await);
    let (answered, _) = rest(&mut client).await;
    ((heard, answered), bed.proxy.counters())
}

#[tokio::test]
async fn a_publish_arrives_and_its_puback_does_not() {
    for fault in ["reset", "close"] {
        let at = r#"{"packet": {"kind": "puback", "place": "before"}}"#;
        let ((heard, answered), counters) = talk(&format!("\"{fault}\""), at).await;
        assert_eq!(heard, [CONNECT, PUBLISH].concat());
        assert!(CONNACK.starts_with(&answered), "{answered:?}");
        assert_eq!((counters.up.packets, counters.down.bytes), (2, CONNACK.len() as u64));
    }
}

#[tokio::test]
async fn a_publish_is_cut_in_the_middle() {
    let at = r#"{"packet": {"kind": "publish", "place": "inside"}}"#;
    let ((heard, _), counters) = talk(r#""close""#, at).await;
    let whole = CONNECT.len() + PUBLISH.len();
    assert!((CONNECT.len() + 1..whole).contains(&heard.len()), "{heard:?}");
    assert_eq!(counters.up.bytes, heard.len() as u64);
}

#[tokio::test]
async fn a_connect_arrives_and_nothing_after_it() {
    let ((heard, _), _) = talk(r#""close""#, r#"{"packet": {"kind": "connect"}}"#).await;
    assert_eq!(heard, CONNECT);
}

#[tokio::test]
async fn the_second_packet_of_any_kind_is_found_too() {
    let at = r#"{"packet": {"kind": "any", "direction": "down", "nth": 2, "place": "inside"}}"#;
    let ((_, answered), _) = talk(r#""close""#, at).await;
    assert!((CONNACK.len() + 1..CONNACK.len() + PUBACK.len()).contains(&answered.len()), "{answered:?}");
}
