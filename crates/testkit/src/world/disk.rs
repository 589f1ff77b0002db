//! A client's disk, with the outbox's journal on it: what is synced survives, what is not may be torn.

use std::{
    collections::{BTreeSet, VecDeque},
    time::Duration,
};

use chatroom_session::{Entry, Kept, WriteId};
use chatroom_wire::MessageId;

use super::{air::Air, breach::Breach};

/// A line of the journal.
#[derive(Debug)]
enum Line {
    /// As JSON, as it is on a real disk.
    Keep(String),
    End(MessageId),
}

/// One client's disk. It survives the client's processes.
#[derive(Debug, Default)]
pub(crate) struct Disk {
    lines: Vec<Line>,
    /// So many of them are synced.
    synced: usize,
    /// The sync under way: when it is done, and how many lines are synced then.
    sync: Option<(Duration, usize)>,
    /// Who waits for which line.
    waiting: VecDeque<(usize, WriteId)>,
    /// What it had no room to forget.
    unforgotten: BTreeSet<MessageId>,
    pub(crate) full_until: Duration,
    pub(crate) slow_until: Duration,
}

/// What a disk says to a write.
pub(crate) type Written = (WriteId, Result<(), String>);

impl Disk {
    /// Appends an entry. Answers at once only if it is not taken.
    pub(crate) fn append(&mut self, air: &mut Air, ticket: WriteId, entry: Entry) -> Option<Written> {
        if air.now < self.full_until {
            if let Entry::End(id) = entry {
                self.unforgotten.insert(id);
            }
            return Some((ticket, Err("no space left on the disk".to_owned())));
        }
        self.lines.push(match entry {
            Entry::Keep(kept) => Line::Keep(serde_json::to_string(&kept).expect("what is kept holds text and times")),
            Entry::End(id) => Line::End(id),
        });
        if air.breaks(Breach::DiskLies) {
            self.begin(air);
            return Some((ticket, Ok(())));
        }
        self.waiting.push_back((self.lines.len(), ticket));
        self.begin(air);
        None
    }

    fn begin(&mut self, air: &mut Air) {
        if self.sync.is_none() && self.synced < self.lines.len() {
            let slow = air.now < self.slow_until;
            let takes = if slow { air.dice.milliseconds(500, 4_000) } else { air.dice.milliseconds(1, 30) };
            self.sync = Some((air.now + takes, self.lines.len()));
        }
    }

    /// When the sync under way is done.
    pub(crate) fn due(&self) -> Option<Duration> {
        self.sync.map(|(at, _)| at)
    }

    /// The sync is done: one may answer many.
    pub(crate) fn synced(&mut self, air: &mut Air) -> Vec<Written> {
        let Some((_, lines)) = self.sync.take() else { return Vec::new() };
        self.synced = lines;
        let done = self.waiting.iter().take_while(|(line, _)| *line <= lines).count();
        let answers = self.waiting.drain(..done).map(|(_, ticket)| (ticket, Ok(()))).collect();
        self.begin(air);
        answers
    }

    /// A process ends as it should: all is synced first.
    pub(crate) fn flush(&mut self) {
        self.synced = self.lines.len();
        self.sync = None;
        self.waiting.clear();
    }

    /// The process is gone: of what was not synced, a part survives.
    pub(crate) fn crash(&mut self, air: &mut Air) {
        let unsynced = self.lines.len() - self.synced;
        let survives = self.synced + air.dice.place(unsynced + 1);
        self.lines.truncate(survives);
        self.synced = survives;
        self.sync = None;
        self.waiting.clear();
    }

    /// Whether it was to forget a message, and had no room for that.
    pub(crate) fn could_not_forget(&self, id: &MessageId) -> bool {
        self.unforgotten.contains(id)
    }

    /// What the next process finds: what was kept and has not ended, oldest first.
    pub(crate) fn left(&self) -> Vec<Kept> {
        let mut left: Vec<Kept> = Vec::new();
        for line in &self.lines {
            match line {
                Line::Keep(json) => left.push(serde_json::from_str(json).expect("what was written can be read")),
                Line::End(id) => left.retain(|kept| kept.message.id.as_ref() != Some(id)),
            }
        }
        left
    }
}
