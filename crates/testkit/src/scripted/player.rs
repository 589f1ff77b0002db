//! One connection whose WebSocket is open: MQTT by the server role, decisions by the script.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chatroom_mqtt::{Accept, PacketId, QoS, ReasonCode, ServerEvent, ServerOutput, ServerRole};
use futures_util::{FutureExt, SinkExt, StreamExt};
use tokio::time::Instant;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use super::{Heard, OnConnect, OnPublish, OnSubscribe, Script};
use crate::endpoint::Link;
use crate::stamp::Stamps;

/// How long a session that goes on is kept, in seconds.
const KEPT: u32 = 3600;

/// One connection whose WebSocket is open.
pub(super) struct Player {
    pub(super) websocket: WebSocketStream<Link>,
    pub(super) script: Script,
    pub(super) stamps: Arc<Stamps>,
    pub(super) topic: String,
    /// What is still to be delivered; what comes in meanwhile is answered before.
    pub(super) flood: VecDeque<Bytes>,
    pub(super) number: usize,
    pub(super) heard: Heard,
}

/// How the script goes on after an event.
enum Then {
    GoOn,
    Send(Vec<u8>),
    SendThenCloseTcp(Vec<u8>),
    CloseTcp,
    CloseWebSocket,
}

impl Player {
    pub(super) async fn run(mut self) {
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
                    Then::SendThenCloseTcp(bytes) => {
                        drop(self.websocket.send(Message::binary(bytes)).await);
                        return;
                    }
                    Then::CloseTcp => return,
                    Then::CloseWebSocket => return drop(self.websocket.close(None).await),
                }
            }
            if let Some(payload) = self.flood.pop_front() {
                deliver(&mut role, start.elapsed(), &self.topic, &payload);
                match self.websocket.next().now_or_never() {
                    Some(Some(Ok(Message::Binary(bytes)))) => role.receive(start.elapsed(), &bytes),
                    Some(Some(Ok(Message::Ping(_) | Message::Pong(_)))) | None => {}
                    Some(_) => return,
                }
                continue;
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
        self.heard.add(self.number, &event);
        match event {
            ServerEvent::Connect(connect) => match &self.script.connect {
                OnConnect::Accept => role.accept(now, Accept::new(connect.keep_alive)),
                OnConnect::AcceptThenCloseTcp => {
                    role.accept(now, Accept::new(connect.keep_alive));
                    return Then::SendThenCloseTcp(queued(role));
                }
                OnConnect::AcceptAs(accept) => role.accept(now, (**accept).clone()),
                OnConnect::Resume(topic, stored) => {
                    let kept =
                        Accept { session_present: true, session_expiry: KEPT, ..Accept::new(connect.keep_alive) };
                    role.accept(now, kept);
                    deliver_at_least_once(role, now, topic, stored);
                    self.topic.clone_from(topic);
                }
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

    fn subscribed(&mut self, role: &mut ServerRole, now: Duration, id: PacketId, filters: Vec<(String, QoS)>) -> Then {
        let all = |code: ReasonCode| vec![code; filters.len()];
        match &self.script.subscribe {
            OnSubscribe::Grant(payloads) => {
                role.suback(now, id, &all(ReasonCode::SUCCESS), None);
                self.flood.extend(payloads.iter().cloned());
            }
            OnSubscribe::GrantAtLeastOnce(payloads) => {
                role.suback(now, id, &all(ReasonCode::GRANTED_QOS_1), None);
                deliver_at_least_once(role, now, &filters[0].0, payloads);
            }
            OnSubscribe::GrantThenCloseTcp => {
                role.suback(now, id, &all(ReasonCode::GRANTED_QOS_1), None);
                return Then::SendThenCloseTcp(queued(role));
            }
            OnSubscribe::GrantThenBytes(bytes) => {
                role.suback(now, id, &all(ReasonCode::SUCCESS), None);
                // The SUBACK waits in the role; these bytes must come after it.
                let mut sent = queued(role);
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

fn deliver_at_least_once(role: &mut ServerRole, now: Duration, topic: &str, payloads: &[Bytes]) {
    for payload in payloads {
        role.publish_at_least_once(now, topic, payload, &[]).expect("a script's payloads fit the client");
    }
}

/// What the role wants to send now.
fn queued(role: &mut ServerRole) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Some(ServerOutput::Send(packet)) = role.poll_output() {
        bytes.extend(packet);
    }
    bytes
}
