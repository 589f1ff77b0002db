//! How what is said and done becomes true: the store commits it, then it is in force here, then it goes out.

use bytes::Bytes;
use chatroom_wire::{Message, MessageId, UserId};
use jiff::Timestamp;
use tracing::warn;

use super::task::Room;
use crate::{
    bus::Item,
    store::{Appended, Audience, Change, NewMessage, StoreError},
};

/// What is kept of a message while the store has it.
struct Kept {
    json: Bytes,
    only: Option<UserId>,
    /// The number of the message that is pinned.
    repeats: Option<u64>,
    /// The number of the message that is deleted.
    deletes: Option<u64>,
    changes: Vec<Change>,
    at: Timestamp,
}

impl Room {
    /// Commits messages with their changes, puts the changes in force, and lays what is stored out for the bus.
    pub(super) async fn commit(&mut self, messages: Vec<NewMessage>) -> Result<Vec<Appended>, StoreError> {
        if messages.is_empty() {
            return Ok(Vec::new());
        }
        let mut kept: Vec<Kept> = messages.iter().map(Kept::of).collect();
        for kept in &mut kept {
            kept.repeats = self.number_of(kept.changes.iter().find_map(pinned)).await?;
            kept.deletes = self.number_of(kept.changes.iter().find_map(deleted)).await?;
        }
        let answer = self.tools.store.append(&self.id, messages).await;
        let appended = answer.inspect_err(|error| self.store_failed(error))?;
        for (kept, appended) in kept.into_iter().zip(&appended) {
            // What is a duplicate has changed nothing again.
            if let Appended::Stored { seq } = appended {
                self.in_force(&kept.changes, kept.at);
                self.outgoing.push(Item {
                    json: kept.json,
                    seq: Some(*seq),
                    only: kept.only,
                    again: false,
                    repeats: kept.repeats,
                    deletes: kept.deletes,
                });
            }
        }
        self.read_anew().await;
        Ok(appended)
    }

    /// The number of a message, while it can be read.
    async fn number_of(&self, message: Option<&MessageId>) -> Result<Option<u64>, StoreError> {
        let Some(id) = message else { return Ok(None) };
        Ok(self.tools.store.message(&self.id, id).await?.map(|stored| stored.seq))
    }

    /// Commits changes without a message, and puts them in force.
    pub(super) async fn commit_silently(&mut self, changes: Vec<Change>, at: Timestamp) -> Result<(), StoreError> {
        if !changes.is_empty() {
            let answer = self.tools.store.change(&self.id, changes.clone(), at).await;
            answer.inspect_err(|error| self.store_failed(error))?;
            self.in_force(&changes, at);
            self.read_anew().await;
        }
        Ok(())
    }

    fn store_failed(&mut self, error: &StoreError) {
        warn!(room = %self.id, %error, "the store took nothing");
        if matches!(error, StoreError::OutOfOrder(_) | StoreError::NoSuchRoom(_)) {
            // Somebody else writes to this room: what is known of it may be wrong.
            self.forget_all();
        }
    }

    fn in_force(&mut self, changes: &[Change], at: Timestamp) {
        let Some(standing) = self.standing.as_mut().filter(|_| !changes.is_empty()) else { return };
        let now = self.tools.clock.monotonic();
        for change in changes {
            standing.apply(change, at);
            self.news.changed(now, change);
            if let Change::Rename { user, name } = change {
                self.rules.goes_by(user, name);
                self.names.take(user.clone(), name.clone());
            }
        }
        self.shown.changed(changes);
        if changes.iter().any(|change| matches!(change, Change::Poll(_) | Change::DeletePoll(_))) {
            self.standing = None;
        }
    }

    /// Reads the room if it is not known by now. What was committed is committed all the same; whoever needs to know
    /// the room asks the store again.
    async fn read_anew(&mut self) {
        if self.standing.is_none() {
            let _ = self.catch_up().await;
        }
    }
}

impl Kept {
    fn of(message: &NewMessage) -> Self {
        Self {
            json: message.json.clone(),
            only: (message.audience == Audience::Author).then(|| message.user.clone()),
            repeats: None,
            deletes: None,
            changes: message.changes.clone(),
            at: message.received_at,
        }
    }
}

fn pinned(change: &Change) -> Option<&MessageId> {
    match change {
        Change::Pin(pin) => pin.message.id.as_ref(),
        _ => None,
    }
}

fn deleted(change: &Change) -> Option<&MessageId> {
    match change {
        Change::Delete(id) => Some(id),
        _ => None,
    }
}

/// A stamped message for the store.
pub(super) fn to_store(
    message: &Message,
    author: &UserId,
    json: Bytes,
    audience: Audience,
    changes: Vec<Change>,
) -> Option<NewMessage> {
    Some(NewMessage {
        id: message.id.clone()?,
        user: author.clone(),
        kind: message.kind(),
        received_at: message.received_at?.instant(),
        json,
        audience,
        changes,
    })
}
