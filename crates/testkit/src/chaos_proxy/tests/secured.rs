//! Faults within TLS and WebSocket: the proxy takes TLS off and puts it on again.

use futures_util::{SinkExt, StreamExt};
use tokio_tungstenite::tungstenite::Message;

use super::*;
use crate::certs::{Certs, Leaf};
use crate::dial::{self, CONNECT};
use crate::endpoint::Endpoint;
use crate::scripted;

const SUBSCRIBE: &[u8] = b"\x82\x07\x00\x01\x00\x00\x01s\x00";
const PUBLISH: &[u8] = b"\x32\x08\x00\x01p\x00\x02\x00{}";

/// A small chat service behind a proxy, both with TLS.
struct Secured {
    certs: Certs,
    service: Endpoint,
    proxy: ChaosProxy,
}

impl Secured {
    async fn new(script: Script, takes_tls_off: bool) -> Self {
        let certs = Certs::new();
        let service = scripted::Script::default().start(Some(certs.server(Leaf::Good))).await;
        let tls = takes_tls_off.then(|| Tls::trusting(certs.server(Leaf::Good), &certs.ca_file()));
        let proxy = ChaosProxy::start(service.address(), tls, script).await;
        Self { certs, service, proxy }
    }

    /// What comes back for CONNECT, SUBSCRIBE and PUBLISH until the end, each in a message.
    async fn talk(&self) -> Vec<Vec<u8>> {
        let mut link = dial::websocket_at(self.proxy.address(), &self.certs).await.unwrap();
        for packet in [CONNECT, SUBSCRIBE, PUBLISH] {
            // What is cut ends below.
            drop(link.send(Message::binary(packet.to_vec())).await);
        }
        let mut heard = Vec::new();
        while let Some(Ok(message)) = within("a message", link.next()).await {
            heard.push(message.into_data().to_vec());
        }
        heard
    }
}

#[tokio::test]
async fn what_is_within_tls_passes_whole() {
    let bed = Secured::new(Script::calm(), true).await;
    let mut link = dial::websocket_at(bed.proxy.address(), &bed.certs).await.unwrap();
    for packet in [CONNECT, SUBSCRIBE] {
        dial::exchange(&mut link, packet).await.expect("an answer");
    }
    assert_eq!(dial::exchange(&mut link, PUBLISH).await.expect("a PUBACK")[..4], *b"\x40\x02\x00\x02");
    let Some(Ok(Message::Binary(_))) = link.next().await else { panic!("no echo") };
    let counters = bed.proxy.counters();
    assert_eq!((counters.up.packets, counters.up.frames), (3, 3));
    assert_eq!((counters.down.packets, counters.down.frames), (4, 4));
    assert_eq!(bed.service.record().first_packet(0).await, CONNECT);
}

#[tokio::test]
async fn tls_passes_unread_where_it_is_not_taken_off() {
    let bed = Secured::new(Script::calm(), false).await;
    let mut link = dial::websocket_at(bed.proxy.address(), &bed.certs).await.unwrap();
    dial::exchange(&mut link, CONNECT).await.expect("a CONNACK");
    let counters = bed.proxy.counters();
    assert_eq!((counters.up.packets, counters.up.frames), (0, 0));
    assert!(counters.up.bytes > 200);
}

#[tokio::test]
async fn a_puback_is_withheld_within_tls_and_websocket() {
    for fault in [r#""reset""#, r#""close""#] {
        let at = r#"{"packet": {"kind": "puback", "place": "before"}}"#;
        let bed = Secured::new(script(fault, at), true).await;
        let heard = bed.talk().await;
        // A reset may overtake what came before it.
        assert!(heard.iter().all(|packet| matches!(packet[0], 0x20 | 0x90)), "{heard:?}");
        assert_eq!(bed.proxy.counters().up.packets, 3);
        assert_eq!(bed.proxy.counters().rules[&0], 1);
    }
}

#[tokio::test]
async fn a_frame_is_cut_in_the_middle() {
    let at = r#"{"frame": {"direction": "down", "nth": 2, "place": "inside"}}"#;
    let bed = Secured::new(script(r#""close""#, at), true).await;
    let heard = bed.talk().await;
    assert_eq!(heard.len(), 1, "only the CONNACK's frame came whole: {heard:?}");
}

#[tokio::test]
async fn an_upgrade_is_cut_in_the_request_and_in_the_answer() {
    for (direction, upgrades) in [("up", false), ("down", true)] {
        let bed = Secured::new(script(r#""close""#, &format!(r#"{{"upgrade": "{direction}"}}"#)), true).await;
        assert!(dial::websocket_at(bed.proxy.address(), &bed.certs).await.is_err(), "{direction}");
        assert_eq!(bed.proxy.counters().closes, 1);
        if upgrades {
            // The service has seen a whole request, and agreed.
            bed.service.record().upgrade(0).await;
        }
    }
}

#[tokio::test]
async fn a_handshake_is_cut_in_the_hello_and_in_the_answer() {
    for takes_tls_off in [true, false] {
        for direction in ["up", "down"] {
            for fault in [r#""reset""#, r#""close""#] {
                let script = script(fault, &format!(r#"{{"handshake": "{direction}"}}"#));
                let bed = Secured::new(script, takes_tls_off).await;
                assert!(dial::tls_at(bed.proxy.address(), &bed.certs).await.is_err(), "{direction}");
                let counters = bed.proxy.counters();
                assert_eq!(counters.resets + counters.closes, 1, "{direction} {fault} {takes_tls_off}");
            }
        }
    }
}

#[tokio::test]
async fn one_byte_slices_and_gathered_writes_change_nothing_for_a_client() {
    for fault in [r#"{"slice": {}}"#, r#"{"coalesce": {"bytes": 4096, "ms": 1}}"#] {
        let bed = Secured::new(script(fault, r#""start""#), true).await;
        let mut link = dial::websocket_at(bed.proxy.address(), &bed.certs).await.unwrap();
        for packet in [CONNECT, SUBSCRIBE, PUBLISH] {
            dial::exchange(&mut link, packet).await.expect("an answer");
        }
        assert_eq!(bed.proxy.until("the packets", |sum| sum.down.packets == 4).await.up.packets, 3);
    }
}

#[tokio::test]
async fn a_server_with_another_authority_is_not_spoken_to() {
    let (certs, others) = (Certs::new(), Certs::new());
    let service = scripted::Script::default().start(Some(others.server(Leaf::Good))).await;
    let tls = Tls::trusting(certs.server(Leaf::Good), &certs.ca_file());
    let proxy = ChaosProxy::start(service.address(), Some(tls), Script::calm()).await;
    assert!(dial::tls_at(proxy.address(), &certs).await.is_err());
}
