//! The server's side of a link: what a client may send when, and what it is told.
//!
//! The role answers PINGREQ itself and leaves every decision to its caller: it
//! asks with an event, and the caller answers with `accept`, `suback`, `puback`…
//! in its own time and order. A broken rule ends the link: with a CONNACK or a
//! DISCONNECT that carries the reason where MQTT 5 lets a server send one, and
//! always with a cause for the caller.

mod live;

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;

use self::live::{Live, Stop};
use crate::decode::{self, ConnectPacket, ToServer};
use crate::encode::{self, Announced, Outbound};
use crate::frame::Framer;
use crate::violation::Violation;
use crate::{
    Accept, CloseCause, Deadline, LARGEST_PACKET, NotMqtt5, PacketId, PublishError, ReasonCode, ServerEvent,
    ServerOptions, ServerOutput,
};

/// The server's side of one link; make a new one for each link.
///
/// `now` is the time since any fixed origin, the same for all calls, never running back.
pub struct ServerRole {
    options: ServerOptions,
    phase: Phase,
    framer: Framer,
    outputs: VecDeque<ServerOutput>,
}

/// ```text
/// AwaitingConnect → Deciding  CONNECT
/// Deciding → Live             accept
/// any → Closed                a Close was given
/// ```
enum Phase {
    AwaitingConnect {
        deadline: Duration,
        /// The first byte that came: it shows whether this is a CONNECT at all.
        first: Option<u8>,
    },
    Deciding {
        terms: Terms,
        /// What the client sent before its answer came, which MQTT 5 allows.
        held: Vec<u8>,
    },
    Live(Box<Live>),
    Closed,
}

/// What a client asked of the server's own packets.
#[derive(Clone, Copy)]
struct Terms {
    clean_start: bool,
    session_expiry: u32,
    receive_maximum: u16,
    wants_problem_information: bool,
    maximum_packet_size: u32,
}

impl ServerRole {
    /// A role whose link was opened at `now`.
    pub fn new(now: Duration, options: ServerOptions) -> Self {
        Self {
            phase: Phase::AwaitingConnect { deadline: now.saturating_add(options.connect_timeout), first: None },
            framer: Framer::new(options.maximum_connect_size.min(options.maximum_packet_size)),
            options,
            outputs: VecDeque::new(),
        }
    }

    /// Takes bytes from the link, in any slicing. Never panics, whatever they are.
    pub fn receive(&mut self, now: Duration, bytes: &[u8]) {
        let mut input = bytes;
        loop {
            match &mut self.phase {
                Phase::Closed => return,
                Phase::Deciding { held, .. } => {
                    held.extend_from_slice(input);
                    if held.len() > self.options.maximum_packet_size as usize {
                        let what = "too much came before the CONNACK";
                        self.fail(Violation::too_many("CONNECT", what));
                    }
                    return;
                }
                Phase::AwaitingConnect { first, .. } => *first = first.or(input.first().copied()),
                Phase::Live(_) => {}
            }
            let packet = match self.framer.next(&mut input) {
                Ok(Some(frame)) => decode::to_server(&frame),
                Ok(None) => return,
                Err(violation) => Err(violation),
            };
            match packet {
                Ok(packet) => self.handle(now, packet),
                Err(violation) => self.fail(violation),
            }
        }
    }

    /// Acts on every deadline that is due. Calling it early or late does no harm.
    pub fn handle_timeout(&mut self, now: Duration) {
        match self.poll_timeout() {
            Some((due, Deadline::Connect)) if due <= now => self.close(CloseCause::ConnectTimeout),
            Some((due, Deadline::KeepAlive)) if due <= now => {
                self.fail(Violation::new(ReasonCode::KEEP_ALIVE_TIMEOUT, CloseCause::KeepAliveTimeout));
            }
            _ => {}
        }
    }

    /// The link ended by itself: closes with [`CloseCause::LinkClosed`], unless a close was given.
    pub fn link_closed(&mut self, _now: Duration) {
        self.close(CloseCause::LinkClosed);
    }

    /// The next duty or fact; call it until `None` after every other call.
    pub fn poll_output(&mut self) -> Option<ServerOutput> {
        let output = self.outputs.pop_front();
        if self.outputs.is_empty() {
            // Thousands of links wait idle; a queue would keep its largest size.
            self.outputs = VecDeque::new();
        }
        output
    }

    /// The earliest deadline, with its reason. Between the CONNECT and its answer there is none.
    pub fn poll_timeout(&self) -> Option<(Duration, Deadline)> {
        match &self.phase {
            Phase::AwaitingConnect { deadline, .. } => Some((*deadline, Deadline::Connect)),
            Phase::Live(live) => live.keep_alive_due().map(|due| (due, Deadline::KeepAlive)),
            Phase::Deciding { .. } | Phase::Closed => None,
        }
    }

    /// Accepts the CONNECT and takes up what the client sent since. Without a CONNECT that
    /// waits for its answer it does nothing.
    pub fn accept(&mut self, now: Duration, mut accept: Accept) {
        let Phase::Deciding { terms, held } = &mut self.phase else {
            return;
        };
        let (terms, held) = (*terms, std::mem::take(held));
        accept.session_present &= !terms.clean_start;
        accept.session_expiry = accept.session_expiry.min(terms.session_expiry);
        let live = Live::new(now, &self.options, &accept, terms);
        let packet = encode::connack_success(&Announced {
            accept,
            options: &self.options,
            asked_session_expiry: terms.session_expiry,
            max: terms.maximum_packet_size,
        });
        self.phase = Phase::Live(Box::new(live));
        self.framer.allow(self.options.maximum_packet_size);
        self.send(packet);
        self.receive(now, &held);
    }

    /// Refuses the CONNECT with a reason and a text for a person, and closes.
    pub fn refuse(&mut self, _now: Duration, reason: ReasonCode, text: Option<&str>) {
        self.refuse_with(reason, text);
        self.close(CloseCause::WeRefused(reason));
    }

    /// Answers a SUBSCRIBE, one code per filter in their order, with a text for a person.
    /// An identifier that waits for no SUBACK, or another number of codes, does nothing.
    pub fn suback(&mut self, _now: Duration, id: PacketId, codes: &[ReasonCode], text: Option<&str>) {
        self.answer_request(id, codes, text, encode::suback);
    }

    /// Answers an UNSUBSCRIBE, one code per filter in their order, with a text for a person.
    /// An identifier that waits for no UNSUBACK, or another number of codes, does nothing.
    pub fn unsuback(&mut self, _now: Duration, id: PacketId, codes: &[ReasonCode], text: Option<&str>) {
        self.answer_request(id, codes, text, encode::unsuback);
    }

    /// Answers a message of QoS 1, in any order. An identifier that waits for no PUBACK does nothing.
    ///
    /// The table of MQTT 5 allows 0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97 and 0x99
    /// here; another code is sent as it is, and some clients drop the link at it.
    pub fn puback(
        &mut self,
        _now: Duration,
        id: PacketId,
        reason: ReasonCode,
        text: Option<&str>,
        user_properties: &[(&str, &str)],
    ) {
        let Phase::Live(live) = &mut self.phase else {
            return;
        };
        if let Some(packet) = live.puback(id, reason, text, user_properties) {
            self.send(packet);
        }
    }

    /// Sends a message at QoS 0 to this client alone; for a room, see
    /// [`encode_publish`](crate::encode_publish).
    ///
    /// # Errors
    /// [`PublishError`]; nothing was sent then.
    pub fn publish(
        &mut self,
        _now: Duration,
        topic: &str,
        payload: &[u8],
        user_properties: &[(&str, &str)],
    ) -> Result<(), PublishError> {
        if !matches!(self.phase, Phase::Live(_)) {
            return Err(PublishError::NotConnected);
        }
        let message = Outbound { topic, payload, user_properties };
        let packet = encode::publish(&message, None, self.maximum_outbound())?;
        self.outputs.push_back(ServerOutput::Send(packet));
        Ok(())
    }

    /// Sends a message at QoS 1 to this client alone; the answer is `Acknowledged`.
    ///
    /// # Errors
    /// [`PublishError`]; nothing was sent then.
    pub fn publish_at_least_once(
        &mut self,
        _now: Duration,
        topic: &str,
        payload: &[u8],
        user_properties: &[(&str, &str)],
    ) -> Result<PacketId, PublishError> {
        let Phase::Live(live) = &mut self.phase else {
            return Err(PublishError::NotConnected);
        };
        let id = live.free_delivery().ok_or(PublishError::QuotaFull)?;
        let message = Outbound { topic, payload, user_properties };
        let packet = encode::publish(&message, Some(id), live.maximum_outbound())?;
        live.await_delivery(id);
        self.outputs.push_back(ServerOutput::Send(packet));
        Ok(id)
    }

    /// Says DISCONNECT with a reason and a text for a person (before the answer to a CONNECT:
    /// refuses it instead, as MQTT 5 demands), and closes.
    pub fn disconnect(&mut self, _now: Duration, reason: ReasonCode, text: Option<&str>) {
        self.say_goodbye(reason, text);
        self.close(CloseCause::WeDisconnected);
    }

    /// The largest packet that the client accepts, in bytes.
    pub fn maximum_outbound(&self) -> u32 {
        match &self.phase {
            Phase::Deciding { terms, .. } => terms.maximum_packet_size,
            Phase::Live(live) => live.maximum_outbound(),
            Phase::AwaitingConnect { .. } | Phase::Closed => LARGEST_PACKET,
        }
    }

    fn handle(&mut self, now: Duration, packet: ToServer) {
        match (&mut self.phase, packet) {
            (Phase::AwaitingConnect { .. }, ToServer::Connect(packet)) => self.connect(*packet),
            (Phase::Live(live), packet) => match live.handle(now, packet) {
                Ok(Some(ServerOutput::Send(packet))) => self.send(packet),
                Ok(output) => self.outputs.extend(output),
                Err(Stop::Violation(violation)) => self.fail(violation),
                Err(Stop::Goodbye(reason)) => {
                    let event = ServerEvent::Disconnect { reason };
                    self.outputs.push_back(ServerOutput::Event(event));
                    self.close(CloseCause::ClientDisconnected(reason));
                }
            },
            (_, packet) => self.close(CloseCause::UnexpectedPacket(packet.name_before_connect())),
        }
    }

    fn connect(&mut self, packet: ConnectPacket) {
        self.phase = Phase::Deciding {
            terms: Terms {
                clean_start: packet.connect.clean_start,
                session_expiry: packet.connect.session_expiry,
                receive_maximum: packet.connect.receive_maximum,
                wants_problem_information: packet.wants_problem_information,
                maximum_packet_size: packet.connect.maximum_packet_size.unwrap_or(LARGEST_PACKET),
            },
            held: Vec::new(),
        };
        if packet.wants_authentication {
            let cause = CloseCause::UnexpectedPacket("a CONNECT that asks for AUTH");
            self.fail(Violation::new(ReasonCode::BAD_AUTHENTICATION_METHOD, cause));
        } else {
            let event = ServerEvent::Connect(Box::new(packet.connect));
            self.outputs.push_back(ServerOutput::Event(event));
        }
    }

    fn answer_request(
        &mut self,
        id: PacketId,
        codes: &[ReasonCode],
        text: Option<&str>,
        encode: fn(PacketId, &[ReasonCode], Option<&str>, u32) -> Bytes,
    ) {
        if let Phase::Live(live) = &mut self.phase
            && live.answers(id, codes.len())
        {
            let packet = encode(id, codes, live.explain(text), live.maximum_outbound());
            self.send(packet);
        }
    }

    /// Tells both sides that the client broke a rule.
    fn fail(&mut self, violation: Violation) {
        let text = violation.cause.to_string();
        match violation.cause {
            CloseCause::NotMqtt5(NotMqtt5::Client { level }) if level < 5 => {
                self.outputs.push_back(ServerOutput::Send(encode::connack_old_version()));
            }
            _ => self.say_goodbye(violation.reason, Some(&text)),
        }
        self.close(violation.cause);
    }

    fn say_goodbye(&mut self, reason: ReasonCode, text: Option<&str>) {
        match &self.phase {
            Phase::Live(live) => {
                let max = live.maximum_outbound();
                let packet = encode::disconnect(reason, text, max);
                if packet.len() <= max as usize {
                    self.outputs.push_back(ServerOutput::Send(packet));
                }
            }
            Phase::Deciding { .. } => self.refuse_with(reason, text),
            Phase::AwaitingConnect { first, .. } if *first == Some(CONNECT) => {
                self.refuse_with(reason, text);
            }
            // Who does not begin with a CONNECT speaks no MQTT, so there is nothing to say.
            Phase::AwaitingConnect { .. } | Phase::Closed => {}
        }
    }

    /// A CONNACK that refuses, if the client accepts a packet of its size.
    fn refuse_with(&mut self, reason: ReasonCode, text: Option<&str>) {
        let max = self.maximum_outbound();
        let packet = encode::connack_refusal(reason, text, max);
        if !matches!(self.phase, Phase::Live(_) | Phase::Closed) && packet.len() <= max as usize {
            self.outputs.push_back(ServerOutput::Send(packet));
        }
    }

    /// Sends a packet that the client waits for. One that accepts so little that even the
    /// shortest form is too large can't be served.
    fn send(&mut self, packet: Bytes) {
        let max = self.maximum_outbound();
        if packet.len() <= max as usize {
            self.outputs.push_back(ServerOutput::Send(packet));
        } else {
            let size = u32::try_from(packet.len()).unwrap_or(u32::MAX);
            self.close(CloseCause::PacketTooLarge { size, max });
        }
    }

    fn close(&mut self, cause: CloseCause) {
        if !matches!(self.phase, Phase::Closed) {
            self.phase = Phase::Closed;
            self.framer = Framer::new(0);
            self.outputs.push_back(ServerOutput::Close(cause));
        }
    }
}

impl fmt::Debug for ServerRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match &self.phase {
            Phase::AwaitingConnect { .. } => "AwaitingConnect",
            Phase::Deciding { .. } => "Deciding",
            Phase::Live(_) => "Live",
            Phase::Closed => "Closed",
        };
        f.debug_struct("ServerRole").field("phase", &phase).field("outputs", &self.outputs).finish_non_exhaustive()
    }
}

/// The first byte of a CONNECT.
const CONNECT: u8 = 0x10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_connection_takes_less_than_a_kilobyte() {
        assert!(size_of::<ServerRole>() + size_of::<Live>() < 512);
    }
}
