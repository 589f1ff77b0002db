//! An endpoint that does as its script says: refuses, keeps silent, closes, sends what it must not.
//!
//! It answers no REST: give a client its config as a file.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chatroom_mqtt::{Accept, PacketId, ReasonCode, ServerEvent, ServerOptions, ServerOutput, ServerRole};
use futures_util::{SinkExt, StreamExt};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use crate::endpoint::{Endpoint, Link};
use crate::stamp::Stamps;

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
        let stamps = Arc::new(Stamps::new());
        Endpoint::start(tls, move |link| self.clone().play(link, Arc::clone(&stamps))).await
    }

    async fn play(self, mut link: Link, stamps: Arc<Stamps>) {
        match self.upgrade {
            OnUpgrade::Accept => {
                if let Some(websocket) = accept_websocket(link).await {
                    Player { websocket, script: self, stamps, topic: String::new() }.run().await;
                }
            }
            OnUpgrade::Status(status) => answer(&mut link, status).await,
            OnUpgrade::CloseTcp => read_head(&mut link).await,
            OnUpgrade::Silence => drop(tokio::io::copy(&mut link, &mut tokio::io::sink()).await),
        }
    }
}

/// Agrees to a WebSocket and to the subprotocol `mqtt`; nothing if the client asks for neither.
///
/// # Cancel safety
/// The connection is lost if it is dropped.
pub async fn accept_websocket(link: Link) -> Option<WebSocketStream<Link>> {
    accept_hdr_async(link, agree).await.ok()
}

#[expect(clippy::result_large_err, clippy::unnecessary_wraps, reason = "the shape that the WebSocket library asks for")]
fn agree(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    const NAME: &str = "sec-websocket-protocol";
    if let Some(asked) = request.headers().get(NAME).filter(|asked| *asked == "mqtt") {
        response.headers_mut().insert(NAME, asked.clone());
    }
    Ok(response)
}

/// One connection whose WebSocket is open.
struct Player {
    websocket: WebSocketStream<Link>,
    script: Script,
    stamps: Arc<Stamps>,
    topic: String,
}

/// How the script goes on after an event.
enum Then {
    GoOn,
    Send(Vec<u8>),
    CloseTcp,
    CloseWebSocket,
}

impl Player {
    async fn run(mut self) {
        let start = Instant::now();
        let mut role = ServerRole::new(Duration::ZERO, self.script.options);
        loop {
            while let Some(output) = role.poll_output() {
                let then = match output {
                    ServerOutput::Send(bytes) => Then::Send(bytes.to_vec()),
                    ServerOutput::Event(event) => self.react(&mut role, start.elapsed(), event),
                    ServerOutput::Close(_) => Then::CloseWebSocket,
                };
                match then {
                    Then::GoOn => {}
                    Then::Send(bytes) => {
                        if self.websocket.send(Message::binary(bytes)).await.is_err() {
                            return;
                        }
                    }
                    Then::CloseTcp => return,
                    Then::CloseWebSocket => return drop(self.websocket.close(None).await),
                }
            }
            let due = role.poll_timeout().map(|(due, _)| start + due);
            tokio::select! {
                message = self.websocket.next() => match message {
                    Some(Ok(Message::Binary(bytes))) => role.receive(start.elapsed(), &bytes),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    _ => return,
                },
                () = tokio::time::sleep_until(due.unwrap_or(start)), if due.is_some() => {
                    role.handle_timeout(start.elapsed());
                }
            }
        }
    }

    fn react(&mut self, role: &mut ServerRole, now: Duration, event: ServerEvent) -> Then {
        match event {
            ServerEvent::Connect(connect) => match &self.script.connect {
                OnConnect::Accept => role.accept(now, Accept::new(connect.keep_alive)),
                OnConnect::Refuse(reason, text) => role.refuse(now, *reason, text.as_deref()),
                OnConnect::Bytes(bytes) => return Then::Send(bytes.clone()),
                OnConnect::CloseTcp => return Then::CloseTcp,
                OnConnect::CloseWebSocket => return Then::CloseWebSocket,
                OnConnect::Silence => {}
            },
            ServerEvent::Subscribe { id, filters } => return self.subscribed(role, now, id, filters),
            ServerEvent::Unsubscribe { id, filters } => {
                role.unsuback(now, id, &vec![ReasonCode::SUCCESS; filters.len()], None);
            }
            ServerEvent::Publish(message) => match &self.script.publish {
                OnPublish::Echo => {
                    acknowledge(role, now, message.id);
                    if let Some(batch) = self.stamps.stamp(&message.payload) {
                        deliver(role, now, &self.topic, &batch);
                    }
                }
                OnPublish::Acknowledge => acknowledge(role, now, message.id),
                OnPublish::Refuse(reason, text, properties) => {
                    if let Some(id) = message.id {
                        let properties: Vec<_> = properties.iter().map(|(key, value)| (&**key, &**value)).collect();
                        role.puback(now, id, *reason, text.as_deref(), &properties);
                    }
                }
                OnPublish::CloseTcp => return Then::CloseTcp,
                OnPublish::Silence => {}
            },
            _ => {}
        }
        Then::GoOn
    }

    fn subscribed(
        &mut self,
        role: &mut ServerRole,
        now: Duration,
        id: PacketId,
        filters: Vec<(String, chatroom_mqtt::QoS)>,
    ) -> Then {
        let all = |code: ReasonCode| vec![code; filters.len()];
        match &self.script.subscribe {
            OnSubscribe::Grant(payloads) => {
                role.suback(now, id, &all(ReasonCode::SUCCESS), None);
                for payload in payloads {
                    deliver(role, now, &filters[0].0, payload);
                }
            }
            OnSubscribe::GrantThenBytes(bytes) => {
                role.suback(now, id, &all(ReasonCode::SUCCESS), None);
                // The SUBACK waits in the role; these bytes must come after it.
                let mut sent = Vec::new();
                while let Some(ServerOutput::Send(packet)) = role.poll_output() {
                    sent.extend(packet);
                }
                sent.extend(bytes);
                return Then::Send(sent);
            }
            OnSubscribe::Refuse(reason, text) => role.suback(now, id, &all(*reason), text.as_deref()),
            OnSubscribe::Silence => {}
        }
        if let Some((topic, _)) = filters.into_iter().next() {
            self.topic = topic;
        }
        Then::GoOn
    }
}

fn acknowledge(role: &mut ServerRole, now: Duration, id: Option<PacketId>) {
    if let Some(id) = id {
        role.puback(now, id, ReasonCode::SUCCESS, None, &[]);
    }
}

fn deliver(role: &mut ServerRole, now: Duration, topic: &str, payload: &[u8]) {
    role.publish(now, topic, payload, &[]).expect("a script's payloads fit the client");
}

async fn answer(link: &mut Link, status: u16) {
    read_head(link).await;
    let body = "said by the test";
    let head = format!(
        "HTTP/1.1 {status} Scripted\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    if link.write_all(head.as_bytes()).await.is_ok() {
        drop(link.shutdown().await);
    }
}

async fn read_head(link: &mut Link) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match link.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certs::{Certs, Leaf};
    use crate::dial::{self, CONNECT};
    use tokio_tungstenite::tungstenite::Error;

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
