//! When the messages of a room go out, and which in one packet. Pure: time comes in.
//!
//! The first message of a quiet room leaves at once; what comes within the window after a packet is gathered for the
//! next one. A packet holds a run of the room's log without a hole, so that `prev` and `seq` tell a client all it must
//! know to find out whether it missed something.
//!
//! A message that only its author gets to see has its number in the run all the same: nobody else sees a hole where it
//! stands. The author gets a packet of their own in the place of the common one, with all of it in order. So it is with a
//! message that is deleted while it waits: it leaves no more, and its number is in the run.
//!
//! A message that goes to its author once more has left before: it is in no run, and has a packet of its own.

use std::{collections::HashSet, time::Duration};

use bytes::Bytes;
use chatroom_wire::{UserId, envelope};

use crate::bus::Item;

/// Gathers the messages of one room.
#[derive(Debug)]
pub(crate) struct Batcher {
    window: Duration,
    max: usize,
    pending: Vec<Gathered>,
    /// The size of the array that `pending` makes for somebody who gets all of it.
    size: usize,
    /// Outlives packets that nobody but some authors got: the next common one covers them.
    run: Option<Run>,
    again: Vec<Gathered>,
    /// When the next packet may leave.
    due: Duration,
}

/// A message that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Gathered {
    json: Bytes,
    seq: Option<u64>,
    only: Option<UserId>,
    repeats: Option<u64>,
}

/// The numbers of the stored messages in one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// The number before the first.
    pub(crate) prev: u64,
    /// The last number.
    pub(crate) seq: u64,
}

/// What leaves at one time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sheaf {
    /// For all who have no hidden messages in here; none if there is nothing for them.
    pub(crate) common: Option<Payload>,
    /// For those who do.
    pub(crate) hidden: Option<Hidden>,
    /// For those who said something a second time.
    pub(crate) again: Again,
}

/// The payload of one packet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    /// A JSON array of messages.
    pub(crate) json: Vec<u8>,
    /// Which stored messages are in it; none if it holds others only.
    pub(crate) run: Option<Run>,
}

/// Messages some of which only their authors get to see.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hidden {
    authors: HashSet<UserId>,
    items: Vec<Gathered>,
    /// None if nothing is in it for everybody: the numbers stay open then.
    run: Option<Run>,
}

/// What goes to its author once more.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Again(Vec<Gathered>);

impl Again {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What this person gets beside all else, each message in a packet of its own.
    pub(crate) fn for_author(&self, user: &UserId) -> impl Iterator<Item = Payload> {
        let own = self.0.iter().filter(move |item| item.only.as_ref() == Some(user));
        own.map(|item| Payload { json: envelope::join([item.json.as_ref()]), run: None })
    }
}

impl Hidden {
    /// What this person gets in the place of the common packet, if anything.
    pub(crate) fn for_author(&self, user: &UserId) -> Option<Payload> {
        let run = self.run;
        self.authors.contains(user).then(|| Payload { json: array(&self.items, Some(user)), run })
    }
}

impl Batcher {
    /// Gathers for `window` at most and `max` bytes at most; a single larger message goes alone.
    pub(crate) fn new(window: Duration, max: usize) -> Self {
        Self { window, max, pending: Vec::new(), size: EMPTY, run: None, again: Vec::new(), due: Duration::ZERO }
    }

    /// Takes a message. Gives back what must leave before it, if anything must.
    pub(crate) fn push(&mut self, now: Duration, item: Item) -> Option<Sheaf> {
        if let Some(deleted) = item.deletes {
            self.forget(deleted);
        }
        let gathered = Gathered { json: item.json, seq: item.seq, only: item.only, repeats: item.repeats };
        if item.again {
            self.again.push(gathered);
            return None;
        }
        let too_large = self.size + gathered.json.len() + 1 > self.max && !self.pending.is_empty();
        let hole = matches!((self.run, gathered.seq), (Some(run), Some(seq)) if seq != run.seq + 1);
        let before = (too_large || hole).then(|| self.gather(now)).flatten();
        if hole {
            self.run = None;
        }
        if let Some(seq) = gathered.seq {
            let prev = self.run.map_or_else(|| seq.saturating_sub(1), |run| run.prev);
            self.run = Some(Run { prev, seq });
        }
        self.size += gathered.json.len() + 1;
        self.pending.push(gathered);
        before
    }

    /// Takes out the message of this number and what repeats it, as far as they wait here.
    fn forget(&mut self, seq: u64) {
        let stays = |waiting: &Gathered| waiting.seq != Some(seq) && waiting.repeats != Some(seq);
        self.pending.retain(stays);
        self.again.retain(stays);
        self.size = EMPTY + self.pending.iter().map(|waiting| waiting.json.len() + 1).sum::<usize>();
    }

    /// When to call [`Batcher::take_due`], if anything waits.
    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        (!self.pending.is_empty() || !self.again.is_empty()).then_some(self.due)
    }

    /// What is due now, if anything is.
    pub(crate) fn take_due(&mut self, now: Duration) -> Option<Sheaf> {
        if now >= self.due { self.gather(now) } else { None }
    }

    fn gather(&mut self, now: Duration) -> Option<Sheaf> {
        if self.pending.is_empty() && self.again.is_empty() {
            return None;
        }
        self.due = now + self.window;
        self.size = EMPTY;
        let items = std::mem::take(&mut self.pending);
        let common = items.iter().any(|item| item.only.is_none());
        let run = if common { self.run.take() } else { None };
        let common = common.then(|| Payload { json: array(&items, None), run });
        let authors: HashSet<UserId> = items.iter().filter_map(|item| item.only.clone()).collect();
        let hidden = (!authors.is_empty()).then(|| Hidden { authors, items, run });
        Some(Sheaf { common, hidden, again: Again(std::mem::take(&mut self.again)) })
    }
}

/// The array of what this person gets, or of what everybody does.
fn array(items: &[Gathered], user: Option<&UserId>) -> Vec<u8> {
    let visible = |item: &&Gathered| item.only.is_none() || item.only.as_ref() == user;
    envelope::join(items.iter().filter(visible).map(|item| item.json.as_ref()))
}

/// The brackets, without the comma that the first message does not need.
const EMPTY: usize = 1;

#[cfg(test)]
mod tests;
