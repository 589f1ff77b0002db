//! What one process was told, and what that must not contradict.

use std::collections::BTreeSet;

use chatroom_session::{End, Gap};
use chatroom_wire::{Message, MessageId, Time, UserId};

use super::{
    air::Air,
    client::Kind,
    log::{Log, Stored},
};

/// What one process was told.
#[derive(Debug)]
pub(crate) struct Life {
    pub(crate) client: usize,
    pub(crate) number: u32,
    pub(crate) user: UserId,
    pub(crate) kind: Kind,
    /// Whether it asked for what was said before it joined.
    history: usize,
    pub(crate) over: bool,
    pub(crate) ended: Option<End>,
    /// How long the log was when the room was joined first.
    pub(crate) joined: Option<usize>,
    pub(crate) is_joined: bool,
    /// What it was shown, and the own messages that it was told of.
    pub(crate) shown: BTreeSet<MessageId>,
    pub(crate) queued: BTreeSet<MessageId>,
    pub(crate) confirmed: BTreeSet<MessageId>,
    newest: Option<(Time, MessageId)>,
    /// The same without what its own user said: that may come in packets without numbers, before a hole is seen.
    newest_of_others: Option<(Time, MessageId)>,
    pub(crate) gaps: Vec<Hole>,
}

/// A stretch of which it was told that messages may be missing.
#[derive(Debug)]
pub(crate) struct Hole {
    after: Option<Time>,
    before: Option<Time>,
}

impl Hole {
    pub(crate) fn covers(&self, at: Option<Time>) -> bool {
        at.is_none_or(|at| self.after.is_none_or(|after| after <= at) && self.before.is_none_or(|before| at <= before))
    }
}

impl Life {
    pub(crate) fn new(client: usize, number: u32, user: UserId, kind: Kind, history: usize) -> Self {
        Self {
            client,
            number,
            user,
            kind,
            history,
            over: false,
            ended: None,
            joined: None,
            is_joined: false,
            shown: BTreeSet::new(),
            queued: BTreeSet::new(),
            confirmed: BTreeSet::new(),
            newest: None,
            newest_of_others: None,
            gaps: Vec::new(),
        }
    }

    /// A message was told that is none of its own on the way.
    pub(crate) fn shown(&mut self, air: &mut Air, log: &Log, message: &Message, late: bool) {
        let client = self.client;
        let (Some(id), Some(at)) = (&message.id, message.received_at) else {
            return air.violated(|| format!("{client}: is shown a message that nobody stamped"));
        };
        if self.queued.contains(id) || !self.shown.insert(id.clone()) {
            air.violated(|| format!("{client}: {id} is shown twice"));
        }
        let stored = log.find(id, Some(at));
        let by_others = stored.is_some_and(|stored| stored.author != self.user);
        match stored {
            Some(stored) if stored.is_for(&self.user) => {}
            _ => air.violated(|| format!("{client}: is shown {id} of {at}, which is not in the log for it")),
        }
        let key = (at, id.clone());
        let behind = self.newest.as_ref().is_some_and(|newest| *newest > key);
        if behind && !late {
            air.violated(|| format!("{client}: {id} is told behind {:?}, and not marked late", self.newest));
        }
        // Behind a gap that was told, what is found later is late. What the service tells an author again may be from
        // before this process joined.
        let baseline = self.joined.and_then(|length| log.get(length.saturating_sub(1))).and_then(Stored::at);
        let overtaken = self.newest_of_others.as_ref().is_some_and(|newest| *newest > key);
        // Until the room is joined, only what was said before is read.
        let promised = air.ours && self.gaps.is_empty() && self.joined.is_some();
        if overtaken && promised && self.kind != Kind::Sample && Some(at) > baseline {
            air.violated(|| format!("{client}: {id} is told late, though the numbers show every hole"));
        }
        if !late {
            // What the service tells an author again may be from within a hole, and is not its end.
            if by_others {
                if let Some(open) = self.gaps.iter_mut().find(|gap| gap.before.is_none()) {
                    open.before = Some(at);
                }
                self.newest_of_others = Some(key.clone());
            }
            self.newest = Some(key);
        }
    }

    pub(crate) fn gap(&mut self, gap: &Gap) {
        // Without a history the beginning is a guess: what came without a number may be from behind the hole.
        let after = gap.after.filter(|_| self.kind != Kind::Sample);
        self.gaps.push(Hole { after, before: gap.before });
    }

    /// Whether it should know what was said from the beginning.
    pub(crate) fn knows_before(&self) -> bool {
        self.history > 0 && self.kind != Kind::Sample
    }
}
