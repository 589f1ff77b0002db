//! An endpoint that does as its script says: refuses, keeps silent, closes, sends what it must not.
//!
//! It answers no REST: give a client its config as a file.

mod heard;
mod player;
mod upgrade;

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use chatroom_mqtt::{Accept, ReasonCode, ServerOptions};
use rustls::ServerConfig;

use crate::endpoint::{Endpoint, Link};
use crate::stamp::Stamps;

pub use heard::Heard;
pub use upgrade::accept_websocket;

/// What the endpoint does at each step. The default is a small chat service that works.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// What it does with the request for a WebSocket.
    pub upgrade: OnUpgrade,
    /// What it does with the CONNECT.
    pub connect: OnConnect,
    /// What it does with a SUBSCRIBE.
    pub subscribe: OnSubscribe,
    /// What it does with a PUBLISH.
    pub publish: OnPublish,
    /// What it announces in its CONNACK and enforces.
    pub options: ServerOptions,
}

/// What the endpoint does with the request for a WebSocket.
#[derive(Clone, Debug, Default)]
pub enum OnUpgrade {
    /// Agrees.
    #[default]
    Accept,
    /// Answers with this HTTP status and no WebSocket.
    Status(u16),
    /// Closes the TCP connection.
    CloseTcp,
    /// Reads on and never answers.
    Silence,
}

/// What the endpoint does with the CONNECT.
#[derive(Clone, Debug, Default)]
pub enum OnConnect {
    /// CONNACK, success.
    #[default]
    Accept,
    /// CONNACK, success, and closes the TCP connection.
    AcceptThenCloseTcp,
    /// CONNACK, success, with this grant.
    AcceptAs(Box<Accept>),
    /// CONNACK, success: an earlier session goes on, and is kept for an hour. Then sends these payloads on the topic at QoS 1.
    Resume(String, Vec<Bytes>),
    /// CONNACK with this code and text.
    Refuse(ReasonCode, Option<String>),
    /// Sends these bytes and reads on.
    Bytes(Vec<u8>),
    /// Closes the TCP connection without a word.
    CloseTcp,
    /// Closes the WebSocket as it should be closed.
    CloseWebSocket,
    /// Reads on and never answers.
    Silence,
}

/// What the endpoint does with a SUBSCRIBE.
#[derive(Clone, Debug)]
pub enum OnSubscribe {
    /// Grants it, then sends these payloads on the topic.
    Grant(Vec<Bytes>),
    /// Grants it at QoS 1, then sends these payloads on the topic at QoS 1.
    GrantAtLeastOnce(Vec<Bytes>),
    /// Grants it at QoS 1, then closes the TCP connection.
    GrantThenCloseTcp,
    /// Grants it, then sends these bytes and reads on.
    GrantThenBytes(Vec<u8>),
    /// SUBACK with this code and text.
    Refuse(ReasonCode, Option<String>),
    /// Never answers.
    Silence,
}

/// What the endpoint does with a PUBLISH.
#[derive(Clone, Debug, Default)]
pub enum OnPublish {
    /// Acknowledges it and sends it out on the topic of the last SUBSCRIBE, stamped and in an array.
    #[default]
    Echo,
    /// Acknowledges it and sends nothing out.
    Acknowledge,
    /// PUBACK with this code, text and user properties.
    Refuse(ReasonCode, Option<String>, Vec<(String, String)>),
    /// Closes the TCP connection without a word.
    CloseTcp,
    /// Never answers.
    Silence,
}

impl Default for OnSubscribe {
    fn default() -> Self {
        Self::Grant(Vec::new())
    }
}

impl Script {
    /// Listens and plays the script to each connection.
    ///
    /// # Cancel safety
    /// Nothing listens if it is dropped.
    pub async fn start(self, tls: Option<Arc<ServerConfig>>) -> Endpoint {
        Self::start_in_turn([self], tls).await.0
    }

    /// Listens and plays to each connection the next script, and the last one to all that follow. Tells what it hears.
    ///
    /// # Panics
    /// Without a script.
    ///
    /// # Cancel safety
    /// Nothing listens if it is dropped.
    pub async fn start_in_turn(
        scripts: impl IntoIterator<Item = Self>,
        tls: Option<Arc<ServerConfig>>,
    ) -> (Endpoint, Heard) {
        let scripts: Vec<Self> = scripts.into_iter().collect();
        assert!(!scripts.is_empty(), "there is a script");
        let (stamps, next, heard) = (Arc::new(Stamps::new()), AtomicUsize::new(0), Heard::default());
        let told = heard.clone();
        let endpoint = Endpoint::start(tls, move |link| {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let script = scripts[number.min(scripts.len() - 1)].clone();
            script.play(link, Arc::clone(&stamps), number, told.clone())
        });
        (endpoint.await, heard)
    }

    async fn play(self, mut link: Link, stamps: Arc<Stamps>, number: usize, heard: Heard) {
        match self.upgrade {
            OnUpgrade::Accept => {
                if let Some(websocket) = accept_websocket(link).await {
                    player::Player {
                        websocket,
                        script: self,
                        stamps,
                        topic: String::new(),
                        flood: VecDeque::new(),
                        number,
                        heard,
                    }
                    .run()
                    .await;
                }
            }
            OnUpgrade::Status(status) => upgrade::answer(&mut link, status).await,
            OnUpgrade::CloseTcp => upgrade::read_head(&mut link).await,
            OnUpgrade::Silence => drop(tokio::io::copy(&mut link, &mut tokio::io::sink()).await),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certs::{Certs, Leaf};
    use crate::dial::{self, CONNECT};
    use futures_util::StreamExt;
    use tokio_tungstenite::tungstenite::{Error, Message};

    const SUBSCRIBE: &[u8] = b"\x82\x07\x00\x01\x00\x00\x01s\x00";
    const PUBLISH: &[u8] = b"\x32\x08\x00\x01p\x00\x02\x00{}";

    #[tokio::test]
    async fn an_upgrade_is_answered_as_the_script_says() {
        let certs = Certs::new();
        for status in [200, 403, 404, 502] {
            let script = Script { upgrade: OnUpgrade::Status(status), ..Script::default() };
            let endpoint = script.start(Some(certs.server(Leaf::Good))).await;
            match dial::websocket(&endpoint, &certs).await {
                Err(Error::Http(answer)) => assert_eq!(answer.status(), status),
                other => panic!("not HTTP {status}: {other:?}"),
            }
        }
        let script = Script { upgrade: OnUpgrade::CloseTcp, ..Script::default() };
        let endpoint = script.start(Some(certs.server(Leaf::Good))).await;
        assert!(dial::websocket(&endpoint, &certs).await.is_err());
    }

    #[tokio::test]
    async fn a_connect_is_answered_as_the_script_says() {
        let refused = connected(OnConnect::Refuse(ReasonCode::NOT_AUTHORIZED, Some("no".to_owned()))).await;
        let refused = refused.expect("a refusal is a packet");
        assert_eq!((refused[0], refused[3]), (0x20, 0x87));
        assert!(refused.ends_with(b"\x1f\x00\x02no"));
        let old = vec![0x20, 2, 0, 1];
        assert_eq!(connected(OnConnect::Bytes(old.clone())).await, Some(old));
        assert_eq!(connected(OnConnect::CloseTcp).await, None);
        assert_eq!(connected(OnConnect::CloseWebSocket).await, None);
    }

    #[tokio::test]
    async fn by_default_it_is_a_service_that_works() {
        let certs = Certs::new();
        let endpoint = Script::default().start(Some(certs.server(Leaf::Good))).await;
        let mut link = dial::websocket(&endpoint, &certs).await.unwrap();
        dial::exchange(&mut link, CONNECT).await.expect("a CONNACK");
        assert_eq!(dial::exchange(&mut link, SUBSCRIBE).await.expect("a SUBACK"), b"\x90\x04\x00\x01\x00\x00");
        assert_eq!(dial::exchange(&mut link, PUBLISH).await.expect("a PUBACK")[..4], *b"\x40\x02\x00\x02");
        let Some(Ok(Message::Binary(echo))) = link.next().await else { panic!("no echo") };
        let text = String::from_utf8_lossy(&echo);
        assert!(text.contains("[{\"id\":"), "{text}");
        assert!(text.contains("\"received_at\":"), "{text}");
    }

    async fn connected(connect: OnConnect) -> Option<Vec<u8>> {
        let certs = Certs::new();
        let script = Script { connect, ..Script::default() };
        let endpoint = script.start(Some(certs.server(Leaf::Good))).await;
        let mut link = dial::websocket(&endpoint, &certs).await.unwrap();
        dial::exchange(&mut link, CONNECT).await
    }
}
