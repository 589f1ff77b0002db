//! Connections: who is let in, what each may do, and how each ends. The bytes are real MQTT.

use std::time::Duration;

use chatroom_mqtt::{
    Accept, Connect, InboundPublish, PacketId, QoS, ReasonCode, ServerEvent, ServerOptions, ServerOutput, ServerRole,
};
use chatroom_wire::{Claims, UserId, user_name};

use super::{
    air::Air,
    breach::Breach,
    broker::{AtLeastOnce, EXPIRY},
    fanout::HeldBack,
    server::Server,
    turn::Said,
    wire::{Parcel, WireId},
};

/// Where clients publish, and listen.
pub(crate) const PUBLISH: &str = "chat/room/pub";
pub(crate) const SUBSCRIBE: &str = "chat/room/sub";

/// One client's connection.
#[derive(Debug)]
pub(crate) struct Conn {
    pub(crate) role: ServerRole,
    pub(crate) guest: Option<Guest>,
    pub(crate) listens: bool,
    /// The last number that the client was told.
    pub(crate) told: u64,
    pub(crate) held_back: HeldBack,
    /// Set if the subscription is at QoS 1.
    pub(crate) at_least_once: Option<AtLeastOnce>,
    /// For how long the session is kept when the link ends.
    pub(crate) expiry: Duration,
    /// Whether silence does not end it.
    endures_silence: bool,
}

/// Who has connected.
#[derive(Debug)]
pub(crate) struct Guest {
    pub(crate) user: UserId,
    pub(crate) client_id: String,
    /// When its token ends.
    ends_at: Duration,
}

impl Conn {
    pub(crate) fn due(&self) -> Option<Duration> {
        let role = self.role.poll_timeout().filter(|_| !self.endures_silence).map(|(at, _)| at);
        let letter = self.at_least_once.as_ref().and_then(AtLeastOnce::due);
        [role, letter, self.guest.as_ref().map(|guest| guest.ends_at)].into_iter().flatten().min()
    }
}

impl Server {
    /// A link is open. Answers whether somebody is there.
    pub(crate) fn accept(&mut self, air: &mut Air, wire: WireId) -> bool {
        if self.is_up() {
            let role = ServerRole::new(air.now, ServerOptions::default());
            let conn = Conn {
                role,
                guest: None,
                listens: false,
                told: 0,
                held_back: HeldBack::new(),
                at_least_once: None,
                expiry: Duration::ZERO,
                endures_silence: air.breaks(Breach::LateBytes),
            };
            self.conns.insert(wire, conn);
        }
        self.is_up()
    }

    pub(crate) fn receive(&mut self, air: &mut Air, wire: WireId, parcel: &Parcel) {
        let now = air.now;
        let Some(conn) = self.conns.get_mut(&wire) else { return };
        match parcel {
            Parcel::Bytes(bytes) => conn.role.receive(now, bytes),
            Parcel::End => conn.role.link_closed(now),
        }
        self.pump(air, wire);
    }

    /// Does what the role says.
    pub(crate) fn pump(&mut self, air: &mut Air, wire: WireId) {
        while let Some(output) = self.conns.get_mut(&wire).and_then(|conn| conn.role.poll_output()) {
            match output {
                ServerOutput::Send(bytes) => air.send_down(wire, bytes),
                ServerOutput::Close(cause) => {
                    air.note(|| format!("the server closes {wire:?}: {cause}"));
                    self.close(air, wire);
                }
                ServerOutput::Event(ServerEvent::Connect(connect)) => self.connect(air, wire, &connect),
                ServerOutput::Event(ServerEvent::Subscribe { id, filters }) => {
                    let asked = filters.first().map_or(QoS::AtMostOnce, |(_, asked)| *asked);
                    self.subscribe(air, wire, id, asked);
                }
                ServerOutput::Event(ServerEvent::Publish(publish)) => self.publish(air, wire, &publish),
                ServerOutput::Event(ServerEvent::Acknowledged { id, .. }) => {
                    if let Some(kept) = self.conns.get_mut(&wire).and_then(|conn| conn.at_least_once.as_mut()) {
                        kept.acknowledged(id);
                    }
                }
                ServerOutput::Event(_) => {}
            }
        }
    }

    fn close(&mut self, air: &mut Air, wire: WireId) {
        if let Some(conn) = self.conns.remove(&wire) {
            self.keep(air, conn);
        }
        air.drop_from_server(wire);
    }

    fn connect(&mut self, air: &mut Air, wire: WireId, connect: &Connect) {
        let credentials = connect.user_name.as_ref().and_then(|name| user_name::decode(name.expose()).ok());
        let claims = credentials.and_then(|credentials| Claims::of(&credentials.token).ok());
        let left = claims.as_ref().and_then(Claims::expires_at).map(|end| end.duration_since(self.date(air)));
        let left = left.and_then(|left| Duration::try_from(left).ok()).filter(|left| !left.is_zero());
        let user = claims.and_then(|claims| claims.sub).filter(|_| self.issued.contains_key(&connect.client_id));
        let (Some(left), Some(user)) = (left, user) else {
            air.note(|| format!("{wire:?} is not let in"));
            if let Some(conn) = self.conns.get_mut(&wire) {
                conn.role.refuse(air.now, ReasonCode::NOT_AUTHORIZED, None);
            }
            return;
        };
        self.take_over(air, &connect.client_id);
        let session_present = self.resume(air, wire, connect);
        let (now, ends_at) = (air.now, air.now + left);
        if let Some(conn) = self.conns.get_mut(&wire) {
            let session_expiry = if air.ours { 0 } else { EXPIRY };
            conn.expiry = Duration::from_secs(session_expiry.min(connect.session_expiry).into());
            let terms = Accept { session_present, session_expiry, ..Accept::new(connect.keep_alive.max(30)) };
            conn.role.accept(now, terms);
            conn.guest = Some(Guest { user, client_id: connect.client_id.clone(), ends_at });
        }
    }

    /// Ends the connection that uses this client id, as brokers do when a second one comes.
    pub(crate) fn take_over(&mut self, air: &mut Air, client_id: &str) {
        let uses = |conn: &Conn| conn.guest.as_ref().is_some_and(|guest| guest.client_id == client_id);
        let others: Vec<WireId> = self.conns.iter().filter(|(_, conn)| uses(conn)).map(|(id, _)| *id).collect();
        for other in others {
            air.note(|| format!("{other:?} is taken over"));
            if air.ours {
                self.say_goodbye(air, other, ReasonCode::TAKEN_OVER);
            } else {
                self.close(air, other);
            }
        }
    }

    pub(crate) fn say_goodbye(&mut self, air: &mut Air, wire: WireId, reason: ReasonCode) {
        if let Some(conn) = self.conns.get_mut(&wire) {
            conn.role.disconnect(air.now, reason, None);
        }
        self.pump(air, wire);
    }

    /// The connection's time is over: it is closed without a word.
    pub(crate) fn close_bare(&mut self, air: &mut Air, wire: WireId) {
        if self.conns.contains_key(&wire) {
            air.note(|| format!("the server closes {wire:?} without a word"));
            self.close(air, wire);
        }
    }

    fn subscribe(&mut self, air: &mut Air, wire: WireId, id: PacketId, asked: QoS) {
        let position = self.log.len() as u64;
        let Some(conn) = self.conns.get_mut(&wire) else { return };
        let granted = if air.ours { QoS::AtMostOnce } else { asked.min(QoS::AtLeastOnce) };
        conn.at_least_once = (granted == QoS::AtLeastOnce).then(AtLeastOnce::default);
        conn.role.suback(air.now, id, &[ReasonCode(granted.level())], None);
        conn.listens = true;
        conn.told = position;
        if air.ours {
            let number = position.to_string();
            let numbers = [("seq", number.as_str()), ("prev", number.as_str())];
            // Only a client that accepts almost nothing can't be told.
            let _ = conn.role.publish(air.now, SUBSCRIBE, b"[]", &numbers);
        }
    }

    fn publish(&mut self, air: &mut Air, wire: WireId, publish: &InboundPublish) {
        let Some(conn) = self.conns.get_mut(&wire) else { return };
        let Some(user) = conn.guest.as_ref().map(|guest| guest.user.clone()) else { return };
        if publish.topic != PUBLISH {
            return air.violated(|| format!("a client publishes to {}", publish.topic));
        }
        let mut packet = publish.id;
        if !air.ours
            && let Some(id) = packet.take()
        {
            // The vendor's broker acknowledges before anybody has looked at the message.
            conn.role.puback(air.now, id, ReasonCode::SUCCESS, None, &[]);
        }
        // To the vendor's rules a broker hands a message at least once.
        let twice = !air.ours && air.now < air.weather.doubles && air.dice.chance(40);
        for _ in 0..=u8::from(twice) {
            let (user, payload) = (user.clone(), publish.payload.clone());
            self.hear(air, Said::Publish { from: wire, packet, user, payload });
        }
    }

    pub(crate) fn handle_conn_timeouts(&mut self, air: &mut Air) {
        let now = air.now;
        let due: Vec<WireId> =
            self.conns.iter().filter(|(_, conn)| conn.due().is_some_and(|at| at <= now)).map(|(id, _)| *id).collect();
        for wire in due {
            let Some(conn) = self.conns.get_mut(&wire) else { continue };
            if !conn.endures_silence {
                conn.role.handle_timeout(now);
            }
            let ended = conn.guest.as_ref().is_some_and(|guest| guest.ends_at <= now);
            self.pump(air, wire);
            self.send_letters(air, wire);
            if ended {
                self.close_bare(air, wire);
            }
        }
    }
}
