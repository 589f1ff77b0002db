//! From the room to its listeners: batches with numbers, private packets, and everything that goes wrong on the way.

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use chatroom_mqtt::{ReasonCode, encode_publish};
use chatroom_wire::{UserId, envelope};

use super::{air::Air, breach::Breach, gateway::SUBSCRIBE, log::Stored, server::Server, wire::WireId};

/// For how long messages are gathered.
const WINDOW: Duration = Duration::from_millis(50);
/// How many packets a listener may be behind.
const RING: usize = 8;

impl Server {
    /// Lays a committed message out to be sent.
    pub(crate) fn lay_out(&mut self, air: &Air, place: usize) {
        self.batch.push(place);
        self.batch_due.get_or_insert(air.now + WINDOW);
    }

    /// What was stored before is told to its author alone, without numbers (docs/protocol.md, section I.2).
    pub(crate) fn tell_author_again(&mut self, air: &mut Air, place: usize) {
        let Some(stored) = self.log.get(place).filter(|stored| !stored.deleted) else { return };
        let (author, payload) = (stored.author.clone(), envelope::join([stored.json.as_slice()]));
        let Ok(packet) = encode_publish(SUBSCRIBE, &payload, &[]) else { return };
        for wire in self.listeners(Some(&author)) {
            self.deliver(air, wire, packet.clone(), false);
        }
    }

    pub(crate) fn send_batch(&mut self, air: &mut Air) {
        self.batch_due = None;
        let places = std::mem::take(&mut self.batch);
        let (Some(first), Some(last)) = (places.first(), places.last()) else { return };
        let (prev, seq) = (self.open_from.take().unwrap_or(*first as u64), *last as u64 + 1);
        let items: Vec<&Stored> = places.iter().filter_map(|place| self.log.get(*place)).collect();
        let common = items.iter().any(|stored| !stored.hidden);
        let authors: BTreeSet<&UserId> =
            items.iter().filter(|stored| stored.hidden).map(|stored| &stored.author).collect();
        let mut packets = Vec::new();
        for wire in self.listeners(None) {
            let Some(conn) = self.conns.get(&wire) else { continue };
            let Some(guest) = &conn.guest else { continue };
            if !common && !authors.contains(&guest.user) {
                continue;
            }
            let json = items.iter().filter(|stored| stored.is_for(&guest.user)).map(|stored| stored.json.as_slice());
            let payload = envelope::join(json);
            let prev = if air.breaks(Breach::NumbersHide) { prev.min(conn.told) } else { prev };
            let numbers = [("seq", seq.to_string()), ("prev", prev.to_string())];
            let numbers: Vec<(&str, &str)> = numbers.iter().map(|(name, number)| (*name, number.as_str())).collect();
            // A packet of hidden messages alone has no numbers: the next common one reaches over them.
            let numbers = if air.ours && common { numbers.as_slice() } else { &[] };
            packets.extend(encode_publish(SUBSCRIBE, &payload, numbers).ok().map(|packet| (wire, packet)));
        }
        if !common {
            // The numbers stay open for the next packet that everybody gets.
            self.open_from = Some(self.open_from.unwrap_or(prev));
        }
        for (wire, packet) in packets {
            if self.deliver(air, wire, packet, common)
                && let Some(conn) = self.conns.get_mut(&wire)
            {
                conn.told = seq;
            }
        }
    }

    fn listeners(&self, user: Option<&UserId>) -> Vec<WireId> {
        let wanted = self.conns.iter().filter(|(_, conn)| {
            conn.listens && conn.guest.as_ref().is_some_and(|guest| user.is_none_or(|user| guest.user == *user))
        });
        wanted.map(|(id, _)| *id).collect()
    }

    /// Sends a packet, or what the weather makes of it. Answers whether it left. Packets without numbers are lost by the
    /// vendor's service alone: ours loses whole batches, on their way between its nodes.
    fn deliver(&mut self, air: &mut Air, wire: WireId, packet: Bytes, numbered: bool) -> bool {
        let behind = air.wires.get(&wire).map_or(0, |wire| wire.down.len());
        if behind > RING {
            air.note(|| format!("{wire:?} is too slow"));
            self.say_goodbye(air, wire, ReasonCode::QUOTA_EXCEEDED);
            return false;
        }
        let losable = numbered || !air.ours;
        if losable && air.now < air.weather.loses && air.dice.chance(40) {
            air.note(|| format!("a delivery on {wire:?} is lost"));
            return false;
        }
        let Some(conn) = self.conns.get_mut(&wire) else { return false };
        let earlier = conn.held_back.take();
        if !losable {
            earlier.into_iter().chain([packet]).for_each(|packet| air.send_down(wire, packet));
            return true;
        }
        if earlier.is_none() && air.now < air.weather.reorders && air.dice.chance(40) {
            air.note(|| format!("a delivery on {wire:?} will be overtaken"));
            conn.held_back = Some(packet);
            return true;
        }
        let twice = air.now < air.weather.doubles && air.dice.chance(40);
        air.send_down(wire, packet.clone());
        if twice {
            air.send_down(wire, packet);
        }
        if let Some(earlier) = earlier {
            air.send_down(wire, earlier);
        }
        true
    }
}
