//! How much happened in storms.

use std::fmt;

use super::{World, reference::Fate};

/// How much happened.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Faults and transitions.
    pub transitions: u64,
    /// Processes that were started.
    pub processes: u64,
    /// Messages in the log.
    pub stored: u64,
    /// Messages that were taken, and how they ended.
    pub taken: u64,
    /// Of these: delivered.
    pub delivered: u64,
    /// Rejected.
    pub rejected: u64,
    /// Expired.
    pub expired: u64,
    /// Unconfirmed.
    pub unconfirmed: u64,
    /// Gaps that were told.
    pub gaps: u64,
    /// Deliveries that were lost, that came twice, and that others overtook.
    pub lost: u64,
    /// Twice; at QoS 1 under another packet id.
    pub repeated: u64,
    /// Overtaken.
    pub overtaken: u64,
    /// Sessions that a broker had kept, and that went on.
    pub resumed: u64,
    /// Pages of the history that were older than the asking.
    pub stale: u64,
}

impl Tally {
    /// Adds another storm's.
    pub fn add(&mut self, other: &Self) {
        self.transitions += other.transitions;
        self.processes += other.processes;
        self.stored += other.stored;
        self.taken += other.taken;
        self.delivered += other.delivered;
        self.rejected += other.rejected;
        self.expired += other.expired;
        self.unconfirmed += other.unconfirmed;
        self.gaps += other.gaps;
        self.lost += other.lost;
        self.repeated += other.repeated;
        self.overtaken += other.overtaken;
        self.resumed += other.resumed;
        self.stale += other.stale;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} transitions, {} processes, {} messages stored; of {} taken {} delivered, {} rejected, {} expired, {} \
             unconfirmed; {} gaps told; of the \
             deliveries {} lost, {} repeated, {} overtaken; {} sessions resumed; {} stale pages",
            self.transitions,
            self.processes,
            self.stored,
            self.taken,
            self.delivered,
            self.rejected,
            self.expired,
            self.unconfirmed,
            self.gaps,
            self.lost,
            self.repeated,
            self.overtaken,
            self.resumed,
            self.stale
        )
    }
}

impl World {
    pub(crate) fn tally(&self, transitions: u64) -> Tally {
        let ended = |fate: Fate| {
            let last = self.reference.sends.values().filter_map(|sent| sent.ends.last());
            last.filter(|(_, other)| *other == fate).count() as u64
        };
        Tally {
            transitions,
            processes: self.reference.lives.len() as u64,
            stored: self.server.log.len() as u64,
            taken: self.reference.sends.values().filter(|sent| sent.taken).count() as u64,
            delivered: ended(Fate::Delivered),
            rejected: ended(Fate::Rejected),
            expired: ended(Fate::Expired),
            unconfirmed: ended(Fate::Unconfirmed),
            gaps: self.reference.lives.iter().map(|life| life.gaps.len() as u64).sum(),
            ..self.air.tally
        }
    }
}
