//! The store: what is committed, in its order, once for each id.

use std::{collections::BTreeMap, time::Duration};

use chatroom_wire::{Message, MessageId, Time, UserId, rest::MessagesQuery};

/// A committed message; its number is its place, from 1.
#[derive(Debug)]
pub(crate) struct Stored {
    pub(crate) id: MessageId,
    pub(crate) author: UserId,
    pub(crate) message: Message,
    pub(crate) json: Vec<u8>,
    /// Whether only its author gets to see it.
    pub(crate) hidden: bool,
    pub(crate) committed_at: Duration,
    pub(crate) deleted_at: Option<Duration>,
}

impl Stored {
    pub(crate) fn is_for(&self, user: &UserId) -> bool {
        !self.hidden || self.author == *user
    }

    pub(crate) fn is_deleted(&self) -> bool {
        self.deleted_at.is_some()
    }

    /// Whether it was there, and not deleted yet.
    fn stood_at(&self, moment: Duration) -> bool {
        self.committed_at <= moment && self.deleted_at.is_none_or(|at| at > moment)
    }

    pub(crate) fn at(&self) -> Option<Time> {
        self.message.received_at
    }
}

/// A room's log. It survives the server.
#[derive(Debug, Default)]
pub(crate) struct Log {
    entries: Vec<Stored>,
    first: BTreeMap<MessageId, usize>,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Appended {
    /// It is in the log, in this place from 0.
    Stored(usize),
    /// Its author has sent it before; it stands there.
    Duplicate(usize),
    /// Somebody else has used its id.
    Taken,
}

impl Log {
    pub(crate) fn append(&mut self, now: Duration, stored: Stored, deduplicates: bool) -> Appended {
        match self.first.get(&stored.id) {
            Some(place) if deduplicates => match self.entries.get(*place) {
                Some(earlier) if earlier.author == stored.author => Appended::Duplicate(*place),
                _ => Appended::Taken,
            },
            _ => {
                let place = self.entries.len();
                self.first.entry(stored.id.clone()).or_insert(place);
                self.entries.push(Stored { committed_at: now, ..stored });
                Appended::Stored(place)
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(crate) fn get(&self, place: usize) -> Option<&Stored> {
        self.entries.get(place)
    }

    pub(crate) fn all(&self) -> &[Stored] {
        &self.entries
    }

    pub(crate) fn place_of(&self, id: &MessageId) -> Option<usize> {
        self.first.get(id).copied()
    }

    /// The message of this id and stamp: a service that does not know ids may hold one twice.
    pub(crate) fn find(&self, id: &MessageId, at: Option<Time>) -> Option<&Stored> {
        let place = self.place_of(id)?;
        self.entries[place..].iter().find(|stored| stored.id == *id && stored.at() == at)
    }

    /// Its text goes; id and number stay.
    pub(crate) fn delete(&mut self, now: Duration, id: &MessageId) {
        for stored in self.entries.iter_mut().filter(|stored| stored.id == *id) {
            stored.deleted_at.get_or_insert(now);
        }
    }

    /// A page as docs/protocol.md, section C.2, describes it, of the room as it was at a moment; whether its borders
    /// belong to it is nowhere said.
    pub(crate) fn page(
        &self,
        reader: &UserId,
        query: &MessagesQuery,
        inclusive: bool,
        moment: Duration,
    ) -> Vec<Message> {
        let behind = |at: Option<Time>, border| at > Some(border) || (inclusive && at == Some(border));
        let before = |at: Option<Time>, border| at < Some(border) || (inclusive && at == Some(border));
        let mut inside: Vec<&Message> = self
            .entries
            .iter()
            .filter(|stored| stored.is_for(reader) && stored.stood_at(moment))
            .filter(|stored| query.after_at.is_none_or(|border| behind(stored.at(), border)))
            .filter(|stored| query.before_at.is_none_or(|border| before(stored.at(), border)))
            .map(|stored| &stored.message)
            .collect();
        inside.sort_by(|a, b| a.order_key().cmp(&b.order_key()));
        let limit = usize::from(query.limit.unwrap_or(100));
        if query.from_oldest {
            inside.truncate(limit);
        } else {
            inside.drain(..inside.len().saturating_sub(limit));
        }
        inside.into_iter().cloned().collect()
    }
}
