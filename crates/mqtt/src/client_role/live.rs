//! The rules of a client between the CONNACK and the end of the link.

use std::time::Duration;

use bytes::Bytes;

use crate::decode::{Ack, ConnAckPacket, Goodbye, PublishPacket, ToClient};
use crate::encode::{self, Outbound};
use crate::topic::Aliases;
use crate::violation::Violation;
use crate::waiting::{Request, Waiting};
use crate::{
    ClientEvent, ClientOutput, CloseCause, ConnAck, ConnectOptions, Deadline, Delivery, LARGEST_PACKET, PacketId,
    PublishError, QoS, ReasonCode, RequestError,
};

/// An accepted connection.
pub(super) struct Live {
    /// After how much silence of either side a PINGREQ is due; `None`, where neither side asked for one, is never.
    ping_after: Option<Duration>,
    last_sent: Duration,
    last_heard: Duration,
    pong_due: Option<Duration>,
    waiting: Waiting,
    aliases: Aliases,
    ack_timeout: Duration,
    pong_timeout: Duration,
    /// The limits of the server.
    receive_maximum: u16,
    maximum_packet_size: u32,
    maximum_qos: QoS,
    /// Whether the server keeps the session when the link ends.
    keeps_session: bool,
}

/// Why a packet ends the link.
pub(super) enum Stop {
    Violation(Violation),
    ServerDisconnected { event: ClientEvent, reason: ReasonCode },
}

/// What a packet leads to: an answer first, then what the caller is told.
pub(super) type Outputs = [Option<ClientOutput>; 2];

impl Live {
    /// Starts with what the server granted, and says it in the caller's words.
    pub(super) fn new(now: Duration, options: &ConnectOptions, packet: ConnAckPacket) -> (Self, ConnAck) {
        let granted = ConnAck {
            keep_alive: packet.server_keep_alive.unwrap_or(options.keep_alive),
            receive_maximum: packet.receive_maximum.unwrap_or(u16::MAX),
            maximum_packet_size: packet.maximum_packet_size,
            topic_alias_maximum: packet.topic_alias_maximum.unwrap_or(0),
            maximum_qos: packet.maximum_qos.unwrap_or(QoS::ExactlyOnce),
            session_present: packet.session_present,
            session_expiry: packet.session_expiry.unwrap_or(options.session_expiry),
            assigned_client_id: packet.assigned_client_id,
            reason_string: packet.reason_string,
            user_properties: packet.user_properties,
        };
        // A server that does not watch over the link keeps nobody else from it (MQTT 5 section 3.1.2.10).
        let watched = if granted.keep_alive == 0 { options.keep_alive } else { granted.keep_alive };
        let keep_alive = Duration::from_secs(watched.into());
        // Early enough that a PINGREQ on a slow link still arrives within the keep alive.
        let ping_after = (!keep_alive.is_zero()).then_some(keep_alive * 3 / 4);
        let live = Self {
            ping_after,
            last_sent: now,
            last_heard: now,
            pong_due: None,
            waiting: Waiting::default(),
            aliases: Aliases::new(options.topic_alias_maximum),
            ack_timeout: options.ack_timeout,
            // Both waits together are one and a half keep alives: so long a dead link may stand.
            pong_timeout: ping_after.map_or(options.pong_timeout, |wait| wait.min(options.pong_timeout)),
            receive_maximum: granted.receive_maximum,
            maximum_packet_size: granted.maximum_packet_size.unwrap_or(LARGEST_PACKET),
            maximum_qos: granted.maximum_qos,
            keeps_session: granted.session_expiry > 0,
        };
        (live, granted)
    }

    pub(super) fn subscribe(
        &mut self,
        now: Duration,
        topic: &str,
        qos: QoS,
    ) -> Result<(PacketId, Bytes), RequestError> {
        let id = self.waiting.free_id().ok_or(RequestError::IdsExhausted)?;
        let packet = encode::subscribe(id, topic, qos, self.maximum_packet_size)?;
        let deadline = now.saturating_add(self.ack_timeout);
        self.waiting.add(id, Request::Subscribe, deadline);
        self.last_sent = now;
        Ok((id, packet))
    }

    pub(super) fn publish(
        &mut self,
        now: Duration,
        topic: &str,
        payload: &[u8],
        qos: QoS,
    ) -> Result<(Option<PacketId>, Bytes), PublishError> {
        if qos > self.maximum_qos || qos == QoS::ExactlyOnce {
            return Err(PublishError::QoS(qos));
        }
        let id = match qos {
            QoS::AtMostOnce => None,
            _ if self.send_quota() == 0 => return Err(PublishError::QuotaFull),
            _ => Some(self.waiting.free_id().ok_or(PublishError::QuotaFull)?),
        };
        let message = Outbound { topic, payload, user_properties: &[] };
        let packet = encode::publish(&message, id, self.maximum_packet_size)?;
        if let Some(id) = id {
            let deadline = now.saturating_add(self.ack_timeout);
            self.waiting.add(id, Request::Publish, deadline);
        }
        self.last_sent = now;
        Ok((id, packet))
    }

    /// A PINGREQ. Its answer is due from the first one that was not answered.
    pub(super) fn ping(&mut self, now: Duration) -> Bytes {
        self.last_sent = now;
        self.pong_due.get_or_insert_with(|| now.saturating_add(self.pong_timeout));
        encode::pingreq()
    }

    pub(super) fn awaits_pong(&self) -> bool {
        self.pong_due.is_some()
    }

    /// A DISCONNECT, if the server accepts a packet of its size.
    pub(super) fn goodbye(&self, reason: ReasonCode) -> Option<Bytes> {
        let packet = if self.keeps_session && reason == ReasonCode::SUCCESS {
            encode::disconnect_for_good()
        } else {
            encode::disconnect(reason, None, self.maximum_packet_size)
        };
        (packet.len() <= self.maximum_packet_size as usize).then_some(packet)
    }

    pub(super) fn handle(&mut self, now: Duration, packet: ToClient) -> Result<Outputs, Stop> {
        self.last_heard = now;
        let event = match packet {
            ToClient::Publish(packet) => return self.delivery(now, packet),
            ToClient::PubAck(ack) => self.puback(ack)?,
            ToClient::SubAck { ack, codes } => Some(self.suback(ack, codes)?),
            ToClient::PingResp => self.pong_due.take().map(|_| ClientEvent::Pong),
            ToClient::Disconnect(goodbye) => return Err(goodbye.into()),
            ToClient::ConnAck(_) => return Err(Violation::unexpected("a second CONNACK").into()),
            ToClient::Unasked(name) => return Err(Violation::unexpected(name).into()),
        };
        Ok([None, event.map(ClientOutput::Event)])
    }

    fn delivery(&mut self, now: Duration, packet: PublishPacket) -> Result<Outputs, Stop> {
        if packet.qos == QoS::ExactlyOnce {
            // 0x9B is a server's code: a client says that more came than was granted.
            let cause = CloseCause::QosNotSupported(packet.qos);
            return Err(Violation::new(ReasonCode::PROTOCOL_ERROR, cause).into());
        }
        let topic = self.aliases.resolve(packet.topic, packet.alias)?;
        let puback = packet.id.map(|id| {
            self.last_sent = now;
            let max = self.maximum_packet_size;
            ClientOutput::Send(encode::puback(id, ReasonCode::SUCCESS, None, &[], max))
        });
        let event = ClientEvent::Delivery(Delivery {
            topic,
            payload: packet.payload,
            qos: packet.qos,
            retain: packet.retain,
            dup: packet.dup,
            user_properties: packet.user_properties,
        });
        Ok([puback, Some(ClientOutput::Event(event))])
    }

    fn puback(&mut self, ack: Ack) -> Result<Option<ClientEvent>, Stop> {
        match self.waiting.request(ack.id) {
            Some(Request::Publish) => {}
            Some(Request::Subscribe) => {
                let what = "it answers a SUBSCRIBE";
                return Err(Violation::protocol("PUBACK", what).into());
            }
            // MQTT 5 gives no code for it, and a second answer does no harm.
            None => return Ok(None),
        }
        self.waiting.settle(ack.id);
        Ok(Some(if ack.reason.is_error() {
            ClientEvent::PublishRefused {
                id: ack.id,
                reason: ack.reason,
                text: ack.text,
                user_properties: ack.user_properties,
            }
        } else {
            ClientEvent::Acknowledged { id: ack.id }
        }))
    }

    fn suback(&mut self, ack: Ack, codes: usize) -> Result<ClientEvent, Stop> {
        if self.waiting.request(ack.id) != Some(Request::Subscribe) {
            let what = "it answers no SUBSCRIBE that waits";
            return Err(Violation::protocol("SUBACK", what).into());
        }
        if codes != 1 {
            let what = "it does not hold one reason code for each topic filter";
            return Err(Violation::protocol("SUBACK", what).into());
        }
        self.waiting.settle(ack.id);
        let granted = match ack.reason {
            ReasonCode::SUCCESS => QoS::AtMostOnce,
            ReasonCode::GRANTED_QOS_1 => QoS::AtLeastOnce,
            ReasonCode::GRANTED_QOS_2 => QoS::ExactlyOnce,
            reason => {
                return Ok(ClientEvent::SubscribeRefused { id: ack.id, reason, text: ack.text });
            }
        };
        Ok(ClientEvent::Subscribed { id: ack.id, granted })
    }

    /// Why the link is over at this time, if an answer is overdue.
    pub(super) fn overdue(&self, now: Duration) -> Option<CloseCause> {
        if self.pong_due.is_some_and(|due| due <= now) {
            return Some(CloseCause::PongTimeout);
        }
        let (due, deadline) = self.waiting.earliest()?;
        (due <= now).then_some(CloseCause::AckTimeout(deadline))
    }

    pub(super) fn is_ping_due(&self, now: Duration) -> bool {
        self.ping_due().is_some_and(|due| due <= now)
    }

    pub(super) fn earliest(&self) -> Option<(Duration, Deadline)> {
        [
            self.pong_due.map(|due| (due, Deadline::Pong)),
            self.waiting.earliest(),
            self.ping_due().map(|due| (due, Deadline::PingDue)),
        ]
        .into_iter()
        .flatten()
        .min_by_key(|(due, _)| *due)
    }

    pub(super) fn in_flight(&self) -> usize {
        self.waiting.publishes()
    }

    pub(super) fn send_quota(&self) -> usize {
        usize::from(self.receive_maximum).saturating_sub(self.in_flight())
    }

    /// Who sends without ever being answered (QoS 0) would not notice that nobody listens.
    fn ping_due(&self) -> Option<Duration> {
        let since = if self.awaits_pong() { self.last_sent } else { self.last_sent.min(self.last_heard) };
        Some(since.saturating_add(self.ping_after?))
    }
}

impl From<Violation> for Stop {
    fn from(violation: Violation) -> Self {
        Self::Violation(violation)
    }
}

impl From<Goodbye> for Stop {
    fn from(goodbye: Goodbye) -> Self {
        Self::ServerDisconnected {
            reason: goodbye.reason,
            event: ClientEvent::ServerDisconnected {
                reason: goodbye.reason,
                text: goodbye.text,
                server_reference: goodbye.server_reference,
            },
        }
    }
}
