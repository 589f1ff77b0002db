//! The rules of a server between its CONNACK and the end of the link.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;

use super::Terms;
use crate::decode::{PublishPacket, ToServer};
use crate::encode;
use crate::topic::Aliases;
use crate::violation::Violation;
use crate::{Accept, CloseCause, InboundPublish, PacketId, QoS, ReasonCode, ServerEvent, ServerOptions, ServerOutput};

/// An accepted connection. Empty maps take no memory, so an idle one stays small.
pub(super) struct Live {
    terms: Terms,
    /// The longest silence that is accepted: one and a half times the keep alive (MQTT 5 section 3.1.2.10).
    silence: Option<Duration>,
    last_heard: Duration,
    maximum_qos: QoS,
    receive_maximum: u16,
    aliases: Aliases,
    /// The messages that wait for their PUBACK.
    publishes: BTreeSet<PacketId>,
    /// The requests that wait for their SUBACK or UNSUBACK, each with the number of its filters.
    requests: BTreeMap<PacketId, usize>,
    /// The messages whose PUBACK the client owes, and the identifier of the last one.
    deliveries: BTreeSet<PacketId>,
    last_delivery: u16,
}

/// Why a packet ends the link.
pub(super) enum Stop {
    Violation(Violation),
    Goodbye(ReasonCode),
}

impl Live {
    pub(super) fn new(now: Duration, options: &ServerOptions, accept: &Accept, terms: Terms) -> Self {
        let keep_alive = Duration::from_secs(accept.keep_alive.into());
        Self {
            terms,
            silence: (!keep_alive.is_zero()).then_some(keep_alive * 3 / 2),
            last_heard: now,
            maximum_qos: accept.maximum_qos.min(QoS::AtLeastOnce),
            receive_maximum: options.receive_maximum.max(1),
            aliases: Aliases::new(options.topic_alias_maximum),
            publishes: BTreeSet::new(),
            requests: BTreeMap::new(),
            deliveries: BTreeSet::new(),
            last_delivery: 0,
        }
    }

    pub(super) fn keep_alive_due(&self) -> Option<Duration> {
        Some(self.last_heard.saturating_add(self.silence?))
    }

    pub(super) fn maximum_outbound(&self) -> u32 {
        self.terms.maximum_packet_size
    }

    /// The text of an acknowledgement, unless the client asked for none (Request Problem Information).
    pub(super) fn explain<'a>(&self, text: Option<&'a str>) -> Option<&'a str> {
        text.filter(|_| self.terms.wants_problem_information)
    }

    pub(super) fn handle(&mut self, now: Duration, packet: ToServer) -> Result<Option<ServerOutput>, Stop> {
        self.last_heard = now;
        let event = match packet {
            ToServer::PingReq => return Ok(Some(ServerOutput::Send(encode::pingresp()))),
            ToServer::Publish(packet) => self.publish(packet)?,
            ToServer::PubAck(ack) if self.deliveries.remove(&ack.id) => {
                ServerEvent::Acknowledged { id: ack.id, reason: ack.reason }
            }
            ToServer::PubAck(_) => return Err(Violation::unexpected("PUBACK").into()),
            ToServer::Subscribe { id, filters, has_subscription_id } => {
                if has_subscription_id {
                    let what = "SUBSCRIBE: it holds a subscription identifier".to_owned();
                    let cause = CloseCause::ProtocolError(what);
                    let reason = ReasonCode::SUBSCRIPTION_IDS_NOT_SUPPORTED;
                    return Err(Violation::new(reason, cause).into());
                }
                self.take_id("SUBSCRIBE", id)?;
                self.requests.insert(id, filters.len());
                ServerEvent::Subscribe { id, filters }
            }
            ToServer::Unsubscribe { id, filters } => {
                self.take_id("UNSUBSCRIBE", id)?;
                self.requests.insert(id, filters.len());
                ServerEvent::Unsubscribe { id, filters }
            }
            // Section 3.14.2.2.2: what had no session at the CONNECT can't get one at the end.
            ToServer::Disconnect(bye) if bye.session_expiry > Some(0) && self.terms.session_expiry == 0 => {
                return Err(
                    Violation::protocol("DISCONNECT", "it asks to keep a session that the CONNECT did not").into()
                );
            }
            ToServer::Disconnect(bye) => return Err(Stop::Goodbye(bye.reason)),
            ToServer::Connect(_) => return Err(Violation::unexpected("a second CONNECT").into()),
            ToServer::Unasked(name) => return Err(Violation::unexpected(name).into()),
        };
        Ok(Some(ServerOutput::Event(event)))
    }

    fn publish(&mut self, packet: PublishPacket) -> Result<ServerEvent, Violation> {
        if packet.qos > self.maximum_qos {
            let cause = CloseCause::QosNotSupported(packet.qos);
            return Err(Violation::new(ReasonCode::QOS_NOT_SUPPORTED, cause));
        }
        if packet.retain {
            let cause = CloseCause::ProtocolError("PUBLISH: it asks to be retained".to_owned());
            return Err(Violation::new(ReasonCode::RETAIN_NOT_SUPPORTED, cause));
        }
        if packet.has_subscription_id {
            let what = "a client may not send a subscription identifier";
            return Err(Violation::protocol("PUBLISH", what));
        }
        let topic = self.aliases.resolve(packet.topic, packet.alias)?;
        if let Some(id) = packet.id {
            self.take_id("PUBLISH", id)?;
            if self.publishes.len() >= usize::from(self.receive_maximum) {
                let cause = CloseCause::ReceiveMaximumExceeded(self.receive_maximum);
                return Err(Violation::new(ReasonCode::RECEIVE_MAXIMUM_EXCEEDED, cause));
            }
            self.publishes.insert(id);
        }
        Ok(ServerEvent::Publish(InboundPublish {
            id: packet.id,
            topic,
            payload: packet.payload,
            qos: packet.qos,
            retain: packet.retain,
            dup: packet.dup,
            user_properties: packet.user_properties,
            message_expiry: packet.message_expiry,
        }))
    }

    /// Refuses an identifier that still waits for its answer: on one link MQTT 5 allows no repetition.
    fn take_id(&self, packet: &str, id: PacketId) -> Result<(), Violation> {
        if self.publishes.contains(&id) || self.requests.contains_key(&id) {
            let what = "its packet identifier still waits for an answer";
            return Err(Violation::protocol(packet, what));
        }
        Ok(())
    }

    /// An identifier for a message to the client, unless it owes as many PUBACKs as it takes messages.
    pub(super) fn free_delivery(&self) -> Option<PacketId> {
        if self.deliveries.len() >= usize::from(self.terms.receive_maximum) {
            return None;
        }
        let mut number = self.last_delivery;
        (0..=u16::MAX).find_map(|_| {
            number = number.wrapping_add(1);
            PacketId::new(number).filter(|id| !self.deliveries.contains(id))
        })
    }

    /// A message went out with this identifier.
    pub(super) fn await_delivery(&mut self, id: PacketId) {
        self.last_delivery = id.get();
        self.deliveries.insert(id);
    }

    /// The PUBACK for a message that waits for it.
    pub(super) fn puback(
        &mut self,
        id: PacketId,
        reason: ReasonCode,
        text: Option<&str>,
        user_properties: &[(&str, &str)],
    ) -> Option<Bytes> {
        if !self.publishes.remove(&id) {
            return None;
        }
        let user_properties = if self.terms.wants_problem_information { user_properties } else { &[] };
        let text = self.explain(text);
        let max = self.terms.maximum_packet_size;
        Some(encode::puback(id, reason, text, user_properties, max))
    }

    /// Whether this many codes answer a request that waits; it waits no more then.
    pub(super) fn answers(&mut self, id: PacketId, codes: usize) -> bool {
        let waits = self.requests.get(&id) == Some(&codes);
        if waits {
            self.requests.remove(&id);
        }
        waits
    }
}

impl From<Violation> for Stop {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}
