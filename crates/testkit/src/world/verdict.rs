//! What must hold when a storm is over: every send has ended, truly, and nobody misses anything without having been told.

use std::time::Duration;

use chatroom_session::End;
use chatroom_wire::MessageId;

use super::{
    World,
    client::Kind,
    life::Life,
    log::Stored,
    reference::{Fate, Sent, is_deleted},
};

impl World {
    /// Judges the whole storm.
    pub(crate) fn judge(&mut self) {
        let sends = std::mem::take(&mut self.reference.sends);
        for (id, sent) in &sends {
            let stored = self.server.log.all().iter().filter(|stored| stored.id == *id).count();
            if let Some(problem) = self.problem(id, sent, stored, is_deleted(&self.server.log, id)) {
                self.air.violated(|| format!("{}: {id} {problem}: {sent:?}", sent.client));
            }
        }
        self.reference.sends = sends;
        let lives = std::mem::take(&mut self.reference.lives);
        for life in &lives {
            self.judge_life(life);
        }
        self.reference.lives = lives;
        for number in 0..self.clients.len() {
            if !self.is_back(number) {
                self.air.violated(|| format!("{number}: has not come back"));
            }
            let left = self.clients[number].disk.left().len();
            if left > 0 {
                self.air.violated(|| format!("{number}: {left} messages are left in the outbox"));
            }
        }
    }

    /// Whether a client's program runs, and is in the room.
    pub(crate) fn is_back(&self, number: usize) -> bool {
        let life = self.reference.lives.iter().rev().find(|life| life.client == number);
        self.clients[number].process.is_some() && life.is_some_and(|life| life.is_joined)
    }

    fn problem(&self, id: &MessageId, sent: &Sent, stored: usize, deleted: bool) -> Option<&'static str> {
        let last = sent.ends.last().map(|(_, fate)| *fate);
        match last {
            _ if stored > 1 && self.air.ours => Some("is in the log twice"),
            _ if sent.not_kept => (stored > 0).then_some("was not taken, and is in the log"),
            None if sent.forgotten || !sent.taken => None,
            None => Some("has no end"),
            Some(Fate::Delivered) => (stored == 0).then_some("was delivered, and is not in the log"),
            Some(Fate::Rejected) => (stored > 0).then_some("was rejected, and is in the log"),
            Some(Fate::Expired) => (stored > 0).then_some("has expired, and is in the log"),
            Some(Fate::Unconfirmed) if sent.kind != Kind::Durable || deleted => None,
            // The vendor's broker acknowledges what nobody ever sees, or sees only when the client has given up on it.
            Some(Fate::Unconfirmed) if !self.air.ours && !self.stood(id, sent.ended_at) => None,
            Some(Fate::Unconfirmed) => Some("is unconfirmed, though the service tells"),
        }
    }

    /// Whether a message stood in the history well before that moment.
    fn stood(&self, id: &MessageId, moment: Duration) -> bool {
        let first = self.server.log.place_of(id).and_then(|place| self.server.log.get(place));
        first.is_some_and(|stored| stored.committed_at + UNSEEN < moment)
    }

    fn judge_life(&mut self, life: &Life) {
        if let Some(end) = &life.ended {
            self.judge_end(life, end);
        }
        let Some(joined) = life.joined.filter(|_| !life.over) else { return };
        // Without numbers and without a history nothing shows a loss.
        if life.kind == Kind::Sample && !self.air.ours {
            return;
        }
        let from = if life.knows_before() { joined.saturating_sub(1) } else { joined };
        let log = &self.server.log;
        let missing = |stored: &&Stored| {
            let known = life.shown.contains(&stored.id) || life.confirmed.contains(&stored.id);
            // Where a service takes an id once more, it was said when it came first.
            let said_before = log.place_of(&stored.id).is_some_and(|place| place < from);
            !known
                && !said_before
                // What was deleted stays so, also where a service takes the same id once more (docs/protocol.md, D.2).
                && !is_deleted(log, &stored.id)
                && stored.is_for(&life.user)
                && !life.gaps.iter().any(|gap| gap.covers(stored.at()))
        };
        let missed = log.all().iter().skip(from).find(missing).map(|stored| stored.id.clone());
        if let Some(id) = missed {
            self.air.violated(|| format!("{}: missed {id} without a word", life.client));
        }
    }

    fn judge_end(&mut self, life: &Life, end: &End) {
        let expected = match end {
            End::Left => self.asked_to_leave.contains(&(life.client, life.number)),
            End::TakenOver => self.air.ours,
            // Bare closes right after each other look like a fight for a client id.
            End::ShortLives(_) => !self.air.ours,
            End::ClosedOnConnect => life.joined.is_none(),
            End::NotAuthorized(_) | End::TokenExpired { .. } => self.clocks_jumped,
            _ => false,
        };
        if !expected {
            self.air.violated(|| format!("{}: process {} ends: {end}", life.client, life.number));
        }
    }
}

/// How long a client may not see what stands in the history: it looks every 5 s, and a page may be older than it.
const UNSEEN: Duration = Duration::from_secs(10);
