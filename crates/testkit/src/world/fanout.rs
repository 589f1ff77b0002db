//! From the room to its listeners: batches with numbers, private packets, and everything that goes wrong on the way.

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use chatroom_mqtt::{ReasonCode, encode_publish};
use chatroom_wire::{UserId, envelope};

use super::{air::Air, breach::Breach, broker, gateway::SUBSCRIBE, log::Stored, server::Server, wire::WireId};

/// For how long messages are gathered.
const WINDOW: Duration = Duration::from_millis(50);
/// How many packets a listener may be behind.
const RING: usize = 8;
/// How many packets may overtake one.
const OVERTAKE: u64 = 4;

/// Packets that others overtake, each with how many do.
pub(crate) type HeldBack = VecDeque<(u64, Bytes)>;

/// The places of a batch in the room's order: its last, and the one before its first.
type Numbers = (u64, u64);

impl Server {
    /// Lays a committed message out to be sent.
    pub(crate) fn lay_out(&mut self, air: &Air, place: usize) {
        self.batch.push(place);
        self.batch_due.get_or_insert(air.now + WINDOW);
    }

    /// What was stored before is told to its author alone, without numbers (docs/protocol.md, section I.2).
    pub(crate) fn tell_author_again(&mut self, air: &mut Air, place: usize) {
        let Some(stored) = self.log.get(place).filter(|stored| !stored.is_deleted()) else { return };
        let (author, payload) = (stored.author.clone(), Bytes::from(envelope::join([stored.json.as_slice()])));
        for wire in self.listeners(&author) {
            self.deliver(air, wire, &payload, None);
        }
    }

    pub(crate) fn send_batch(&mut self, air: &mut Air) {
        self.batch_due = None;
        let mut places = std::mem::take(&mut self.batch);
        let (Some(first), Some(last)) = (places.first(), places.last()) else { return };
        let (prev, seq) = (self.open_from.take().unwrap_or(*first as u64), *last as u64 + 1);
        if !air.ours && air.now < air.weather.reorders {
            for place in 1..places.len() {
                places.swap(place, air.dice.place(place + 1));
            }
        }
        let items: Vec<&Stored> = places.iter().filter_map(|place| self.log.get(*place)).collect();
        let common = items.iter().any(|stored| !stored.hidden);
        let payload_for = |user: &UserId| {
            let gets = common || items.iter().any(|stored| stored.author == *user);
            let json = items.iter().filter(|stored| stored.is_for(user)).map(|stored| stored.json.as_slice());
            gets.then(|| Bytes::from(envelope::join(json)))
        };
        broker::keep_for_the_absent(&mut self.kept, air.now, payload_for);
        let packets = self.conns.iter().filter(|(_, conn)| conn.listens).filter_map(|(wire, conn)| {
            let prev = if air.breaks(Breach::NumbersHide) { prev.min(conn.told) } else { prev };
            // A packet of hidden messages alone has no numbers: the next common one reaches over them.
            let numbers = (air.ours && common).then_some((prev, seq));
            Some((*wire, payload_for(&conn.guest.as_ref()?.user)?, numbers))
        });
        let packets: Vec<(WireId, Bytes, Option<Numbers>)> = packets.collect();
        if !common {
            // The numbers stay open for the next packet that everybody gets.
            self.open_from = Some(self.open_from.unwrap_or(prev));
        }
        for (wire, payload, numbers) in packets {
            if self.deliver(air, wire, &payload, numbers)
                && let Some(conn) = self.conns.get_mut(&wire)
            {
                conn.told = seq;
            }
        }
    }

    fn listeners(&self, user: &UserId) -> Vec<WireId> {
        let wanted = self
            .conns
            .iter()
            .filter(|(_, conn)| conn.listens && conn.guest.as_ref().is_some_and(|guest| guest.user == *user));
        wanted.map(|(id, _)| *id).collect()
    }

    /// Sends a packet, or what the weather makes of it. Answers whether it left. Packets without numbers are lost by the
    /// vendor's service alone: ours loses whole batches, on their way between its nodes.
    fn deliver(&mut self, air: &mut Air, wire: WireId, payload: &Bytes, numbers: Option<Numbers>) -> bool {
        let behind = air.wires.get(&wire).map_or(0, |wire| wire.down.len());
        if behind > RING {
            air.note(|| format!("{wire:?} is too slow"));
            self.say_goodbye(air, wire, ReasonCode::QUOTA_EXCEEDED);
            return false;
        }
        let Some(conn) = self.conns.get_mut(&wire) else { return false };
        let losable = numbers.is_some() || !air.ours;
        if losable && air.now < air.weather.loses && air.dice.chance(40) {
            air.tally.lost += 1;
            air.note(|| format!("a delivery on {wire:?} is lost"));
            // At QoS 1 the broker sees that no PUBACK comes.
            if let Some(kept) = &mut conn.at_least_once {
                let (at, dup) = (air.now + air.dice.seconds(1, 20), air.dice.chance(50));
                kept.repeat(at, payload.clone(), dup);
            }
            return false;
        }
        let packet =
            if conn.at_least_once.is_some() { conn.letter(air.now, payload, false) } else { encode(payload, numbers) };
        let Some(packet) = packet else { return false };
        if losable && air.now < air.weather.reorders && air.dice.chance(40) {
            air.tally.overtaken += 1;
            air.note(|| format!("a delivery on {wire:?} will be overtaken"));
            conn.held_back.push_back((1 + air.dice.below(OVERTAKE), packet));
            return true;
        }
        if losable && air.now < air.weather.doubles && air.dice.chance(40) {
            air.tally.repeated += 1;
            if let Some(kept) = &mut conn.at_least_once {
                let (at, dup) = (air.now + air.dice.milliseconds(0, 20_000), air.dice.chance(50));
                kept.repeat(at, payload.clone(), dup);
            } else {
                air.send_down(wire, packet.clone());
            }
        }
        air.send_down(wire, packet);
        for (others, _) in &mut conn.held_back {
            *others -= 1;
        }
        while let Some(place) = conn.held_back.iter().position(|(others, _)| *others == 0) {
            let (_, packet) = conn.held_back.remove(place).expect("it stands there");
            air.send_down(wire, packet);
        }
        true
    }
}

fn encode(payload: &[u8], numbers: Option<Numbers>) -> Option<Bytes> {
    let numbers = numbers.map(|(prev, seq)| [("seq", seq.to_string()), ("prev", prev.to_string())]);
    let pairs: Vec<(&str, &str)> = numbers.iter().flatten().map(|(name, number)| (*name, number.as_str())).collect();
    encode_publish(SUBSCRIBE, payload, &pairs).ok()
}
