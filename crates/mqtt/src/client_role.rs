//! The client's side of a link: what may be sent when, and what is awaited.
//!
//! Before the CONNACK nothing is sent but the CONNECT. A broken rule ends the
//! link: with a DISCONNECT that carries the reason where MQTT 5 lets a client
//! send one (after the CONNACK), and always with a cause for the caller.

mod live;

use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

use self::live::{Live, Stop};
use crate::decode::{self, ConnAckPacket, ToClient};
use crate::encode;
use crate::frame::Framer;
use crate::violation::Violation;
use crate::{
    ClientEvent, ClientOutput, CloseCause, ConnectOptions, Deadline, LARGEST_PACKET, PacketId, PublishError, QoS,
    ReasonCode, RequestError,
};

/// The client's side of one link; make a new one for each link.
///
/// `now` is the time since any fixed origin, the same for all calls, never running back.
pub struct ClientRole {
    phase: Phase,
    framer: Framer,
    outputs: VecDeque<ClientOutput>,
}

/// ```text
/// Idle → Connecting      connect
/// Connecting → Connected CONNACK with success
/// any → Closed           a Close was given
/// ```
enum Phase {
    Idle,
    Connecting { options: Box<ConnectOptions>, deadline: Duration },
    Connected(Box<Live>),
    Closed,
}

impl ClientRole {
    /// A role whose link is not used yet.
    pub fn new() -> Self {
        Self { phase: Phase::Idle, framer: Framer::new(LARGEST_PACKET), outputs: VecDeque::new() }
    }

    /// Sends the CONNECT. Call it once, when the link is open; a second call does nothing.
    pub fn connect(&mut self, now: Duration, mut options: ConnectOptions) {
        if !matches!(self.phase, Phase::Idle) {
            return;
        }
        match encode::connect(&options) {
            Ok(packet) => {
                // It is sent; the credentials need not stay.
                options.user_name = None;
                self.framer = Framer::new(options.maximum_packet_size.saturating_add(HEADER));
                self.outputs.push_back(ClientOutput::Send(packet));
                self.phase = Phase::Connecting {
                    deadline: now.saturating_add(options.connack_timeout),
                    options: Box::new(options),
                };
            }
            Err(what) => self.close(CloseCause::Unsendable(what)),
        }
    }

    /// Asks for the messages of a topic; the answer is `Subscribed` or `SubscribeRefused`.
    ///
    /// # Errors
    /// [`RequestError`]; nothing was sent then.
    pub fn subscribe(&mut self, now: Duration, topic: &str, qos: QoS) -> Result<PacketId, RequestError> {
        let live = self.live().ok_or(RequestError::NotConnected)?;
        let (id, packet) = live.subscribe(now, topic, qos)?;
        self.outputs.push_back(ClientOutput::Send(packet));
        Ok(id)
    }

    /// Sends a message. At QoS 1 the answer is `Acknowledged` or `PublishRefused`; at
    /// QoS 0 there is neither an identifier nor an answer.
    ///
    /// # Errors
    /// [`PublishError`]; nothing was sent then.
    pub fn publish(
        &mut self,
        now: Duration,
        topic: &str,
        payload: &[u8],
        qos: QoS,
    ) -> Result<Option<PacketId>, PublishError> {
        let live = self.live().ok_or(PublishError::NotConnected)?;
        let (id, packet) = live.publish(now, topic, payload, qos)?;
        self.outputs.push_back(ClientOutput::Send(packet));
        Ok(id)
    }

    /// Sends a PINGREQ now, to find out whether the link lives: the answer is `Pong`, or a
    /// close at the pong timeout. Does nothing while one waits for its answer, or unconnected.
    pub fn ping(&mut self, now: Duration) {
        if let Some(live) = self.live()
            && !live.awaits_pong()
        {
            let packet = live.ping(now);
            self.outputs.push_back(ClientOutput::Send(packet));
        }
    }

    /// Says DISCONNECT, once connected, and closes. With [`ReasonCode::SUCCESS`] a session that the server would keep ends
    /// too.
    pub fn disconnect(&mut self, _now: Duration, reason: ReasonCode) {
        self.say_goodbye(reason);
        self.close(CloseCause::WeDisconnected);
    }

    /// Takes bytes from the link, in any slicing. Never panics, whatever they are.
    pub fn receive(&mut self, now: Duration, bytes: &[u8]) {
        let mut input = bytes;
        while !matches!(self.phase, Phase::Closed) {
            let packet = match self.framer.next(&mut input) {
                Ok(Some(frame)) => decode::to_client(&frame),
                Ok(None) => return,
                Err(violation) => Err(violation),
            };
            match packet {
                Ok(packet) => self.handle(now, packet),
                Err(violation) => self.fail(violation),
            }
        }
    }

    /// The link ended by itself: closes with [`CloseCause::LinkClosed`], unless a close was given.
    pub fn link_closed(&mut self, _now: Duration) {
        self.close(CloseCause::LinkClosed);
    }

    /// Acts on every deadline that is due. Calling it early or late does no harm.
    pub fn handle_timeout(&mut self, now: Duration) {
        match &mut self.phase {
            Phase::Connecting { deadline, .. } if *deadline <= now => {
                self.close(CloseCause::ConnackTimeout);
            }
            Phase::Connected(live) => match live.overdue(now) {
                Some(cause) => {
                    // The server may be alive, only slow: it learns that this link is over.
                    self.say_goodbye(ReasonCode::UNSPECIFIED);
                    self.close(cause);
                }
                None if live.is_ping_due(now) => {
                    let packet = live.ping(now);
                    self.outputs.push_back(ClientOutput::Send(packet));
                }
                None => {}
            },
            Phase::Idle | Phase::Connecting { .. } | Phase::Closed => {}
        }
    }

    /// The next duty or fact; call it until `None` after every other call.
    pub fn poll_output(&mut self) -> Option<ClientOutput> {
        self.outputs.pop_front()
    }

    /// The earliest deadline, with its reason.
    pub fn poll_timeout(&self) -> Option<(Duration, Deadline)> {
        match &self.phase {
            Phase::Connecting { deadline, .. } => Some((*deadline, Deadline::Connack)),
            Phase::Connected(live) => live.earliest(),
            Phase::Idle | Phase::Closed => None,
        }
    }

    /// How many QoS 1 messages wait for their acknowledgement.
    pub fn in_flight(&self) -> usize {
        match &self.phase {
            Phase::Connected(live) => live.in_flight(),
            Phase::Idle | Phase::Connecting { .. } | Phase::Closed => 0,
        }
    }

    /// How many more QoS 1 messages the server's Receive Maximum allows now.
    pub fn send_quota(&self) -> usize {
        match &self.phase {
            Phase::Connected(live) => live.send_quota(),
            Phase::Idle | Phase::Connecting { .. } | Phase::Closed => 0,
        }
    }

    fn handle(&mut self, now: Duration, packet: ToClient) {
        match (&mut self.phase, packet) {
            (Phase::Connecting { .. }, ToClient::ConnAck(packet)) => self.connack(now, *packet),
            // Before the CONNACK a server has nothing to say, but a reason is worth more than the rule.
            (Phase::Connecting { .. }, ToClient::Disconnect(goodbye)) => {
                self.stop(Stop::from(goodbye));
            }
            (Phase::Connected(live), packet) => match live.handle(now, packet) {
                Ok(outputs) => self.outputs.extend(outputs.into_iter().flatten()),
                Err(stop) => self.stop(stop),
            },
            (Phase::Idle | Phase::Connecting { .. } | Phase::Closed, packet) => {
                self.fail(Violation::unexpected(packet.name_before_connack()));
            }
        }
    }

    fn connack(&mut self, now: Duration, packet: ConnAckPacket) {
        let Phase::Connecting { options, .. } = &self.phase else {
            return;
        };
        if packet.reason.is_error() {
            let reason = packet.reason;
            self.outputs.push_back(ClientOutput::Event(ClientEvent::Refused {
                reason,
                text: packet.reason_string,
                server_reference: packet.server_reference,
            }));
            self.close(CloseCause::Refused(reason));
        } else if packet.session_present && options.clean_start {
            // MQTT 5 section 3.2.2.1: the two sides disagree on what was sent; close.
            let what = "it resumes a session although a clean start was asked";
            self.fail(Violation::protocol("CONNACK", what));
        } else if let Some(max) = packet.maximum_packet_size.filter(|max| *max < SMALLEST_LIMIT) {
            self.close(CloseCause::PacketTooLarge { size: SMALLEST_LIMIT, max });
        } else {
            let (live, granted) = Live::new(now, options, packet);
            self.phase = Phase::Connected(Box::new(live));
            let event = ClientEvent::Connected(Box::new(granted));
            self.outputs.push_back(ClientOutput::Event(event));
        }
    }

    fn stop(&mut self, stop: Stop) {
        match stop {
            Stop::Violation(violation) => self.fail(violation),
            Stop::ServerDisconnected { event, reason } => {
                self.outputs.push_back(ClientOutput::Event(event));
                self.close(CloseCause::ServerDisconnected(reason));
            }
        }
    }

    /// Tells both sides that the server broke a rule.
    fn fail(&mut self, violation: Violation) {
        self.say_goodbye(violation.reason);
        self.close(violation.cause);
    }

    fn say_goodbye(&mut self, reason: ReasonCode) {
        if let Some(live) = self.live()
            && let Some(packet) = live.goodbye(reason)
        {
            self.outputs.push_back(ClientOutput::Send(packet));
        }
    }

    fn close(&mut self, cause: CloseCause) {
        if !matches!(self.phase, Phase::Closed) {
            self.phase = Phase::Closed;
            self.framer = Framer::new(0);
            self.outputs.push_back(ClientOutput::Close(cause));
        }
    }

    fn live(&mut self) -> Option<&mut Live> {
        match &mut self.phase {
            Phase::Connected(live) => Some(live),
            Phase::Idle | Phase::Connecting { .. } | Phase::Closed => None,
        }
    }
}

impl Default for ClientRole {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ClientRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let phase = match &self.phase {
            Phase::Idle => "Idle",
            Phase::Connecting { .. } => "Connecting",
            Phase::Connected(_) => "Connected",
            Phase::Closed => "Closed",
        };
        f.debug_struct("ClientRole")
            .field("phase", &phase)
            .field("in_flight", &self.in_flight())
            .field("outputs", &self.outputs)
            .finish_non_exhaustive()
    }
}

/// What stands around a payload: a topic of 256 bytes, and user properties.
const HEADER: u32 = 8 * 1024;

/// The size of a PUBACK. A server that accepts less can't be answered; every other
/// packet without content is as small or smaller.
const SMALLEST_LIMIT: u32 = 4;
