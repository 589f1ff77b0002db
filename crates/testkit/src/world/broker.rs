//! What a broker does for a subscription at QoS 1 (docs/protocol.md, section G): it repeats what it has no PUBACK for,
//! under other packet ids, and keeps a client's session over the end of its link. The vendor's alone: ours delivers at
//! QoS 0 and keeps nothing.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use bytes::Bytes;
use chatroom_mqtt::{Connect, PacketId, ServerOutput};
use chatroom_wire::UserId;

use super::{
    air::Air,
    gateway::{Conn, SUBSCRIBE},
    server::Server,
    wire::WireId,
};

/// A stored session gives its messages out so slowly.
const PACE: Duration = Duration::from_millis(100);
/// For how long a session is kept at most.
pub(crate) const EXPIRY: u32 = 3_600;
/// How many messages are kept for somebody who is away.
const MOST: usize = 100;
/// How many of the last messages may come again though they were acknowledged.
const RECENT: usize = 5;
/// The flag of a PUBLISH that may be a repetition.
const DUP: u8 = 0x08;

/// A subscription at QoS 1.
#[derive(Debug, Default)]
pub(crate) struct AtLeastOnce {
    /// What the client has not acknowledged.
    owed: BTreeMap<PacketId, Bytes>,
    /// What is to be sent, and when.
    waiting: VecDeque<(Duration, Letter)>,
    recent: VecDeque<Bytes>,
}

/// What goes to one client.
#[derive(Debug)]
pub(crate) struct Letter {
    payload: Bytes,
    /// Whether it says that it may have been there before.
    dup: bool,
}

/// The session of a client that is away.
#[derive(Debug)]
pub(crate) struct Kept {
    user: UserId,
    until: Duration,
    letters: VecDeque<Letter>,
}

/// Who is away gets it later.
pub(crate) fn keep_for_the_absent(
    sessions: &mut BTreeMap<String, Kept>,
    now: Duration,
    payload_for: impl Fn(&UserId) -> Option<Bytes>,
) {
    sessions.retain(|_, kept| kept.until > now);
    for kept in sessions.values_mut().filter(|kept| kept.letters.len() < MOST) {
        kept.letters.extend(payload_for(&kept.user).map(|payload| Letter { payload, dup: false }));
    }
}

impl AtLeastOnce {
    pub(crate) fn due(&self) -> Option<Duration> {
        self.waiting.iter().map(|(at, _)| *at).min()
    }

    /// It comes again, whether it was acknowledged or not.
    pub(crate) fn repeat(&mut self, at: Duration, payload: Bytes, dup: bool) {
        self.waiting.push_back((at, Letter { payload, dup }));
    }

    pub(crate) fn acknowledged(&mut self, id: PacketId) {
        self.owed.remove(&id);
    }

    fn take_due(&mut self, now: Duration) -> Option<Letter> {
        let place = self.waiting.iter().position(|(at, _)| *at <= now)?;
        self.waiting.remove(place).map(|(_, letter)| letter)
    }
}

impl Conn {
    /// The packet of a delivery at QoS 1; none if the client owes too many PUBACKs: then it waits.
    pub(crate) fn letter(&mut self, now: Duration, payload: &Bytes, dup: bool) -> Option<Bytes> {
        let kept = self.at_least_once.as_mut()?;
        let Ok(id) = self.role.publish_at_least_once(now, SUBSCRIBE, payload, &[]) else {
            kept.repeat(now + PACE * 10, payload.clone(), dup);
            return None;
        };
        kept.owed.insert(id, payload.clone());
        kept.recent.push_back(payload.clone());
        if kept.recent.len() > RECENT {
            kept.recent.pop_front();
        }
        let Some(ServerOutput::Send(packet)) = self.role.poll_output() else { return None };
        if !dup {
            return Some(packet);
        }
        let mut bytes = packet.to_vec();
        bytes[0] |= DUP;
        Some(bytes.into())
    }
}

impl Server {
    /// Sends what waited for its time.
    pub(crate) fn send_letters(&mut self, air: &mut Air, wire: WireId) {
        let now = air.now;
        while let Some(conn) = self.conns.get_mut(&wire)
            && let Some(letter) = conn.at_least_once.as_mut().and_then(|kept| kept.take_due(now))
        {
            air.note(|| format!("what waited goes over {wire:?}{}", if letter.dup { ", as a repetition" } else { "" }));
            if let Some(packet) = conn.letter(now, &letter.payload, letter.dup) {
                air.send_down(wire, packet);
            }
        }
    }

    /// A connection has ended: what it was owed is kept, if the client asked for that.
    pub(crate) fn keep(&mut self, air: &mut Air, conn: Conn) {
        let (Some(guest), Some(kept)) = (conn.guest, conn.at_least_once) else { return };
        if conn.expiry.is_zero() {
            return;
        }
        // The broker has lost the PUBACKs of the last ones, now and then.
        let again = if air.dice.chance(20) { kept.recent } else { VecDeque::new() };
        let again = again.into_iter().filter(|payload| !kept.owed.values().any(|other| other == payload));
        let letters = again.chain(kept.owed.values().cloned()).map(|payload| Letter { payload, dup: true });
        let letters = letters.chain(kept.waiting.into_iter().map(|(_, letter)| letter)).collect();
        self.kept.insert(guest.client_id, Kept { user: guest.user, until: air.now + conn.expiry, letters });
    }

    /// Takes up the session that was kept for a client, unless it wants another, or the broker has lost it. Answers
    /// whether one goes on.
    pub(crate) fn resume(&mut self, air: &mut Air, wire: WireId, connect: &Connect) -> bool {
        let kept = self.kept.remove(&connect.client_id).filter(|kept| kept.until > air.now && !connect.clean_start);
        let Some(kept) = kept.filter(|_| !air.dice.chance(10)) else { return false };
        let Some(conn) = self.conns.get_mut(&wire) else { return false };
        air.note(|| format!("{wire:?} resumes a session with {} messages", kept.letters.len()));
        air.tally.resumed += 1;
        air.tally.repeated += kept.letters.iter().filter(|letter| letter.dup).count() as u64;
        let mut at = air.now;
        let waiting = kept.letters.into_iter().map(|letter| {
            at += PACE;
            (at, letter)
        });
        conn.at_least_once = Some(AtLeastOnce { waiting: waiting.collect(), ..AtLeastOnce::default() });
        conn.listens = true;
        true
    }
}
