//! What an act comes to: what is announced, what changes, what is answered. Pure.

use chatroom_wire::Payload;

use super::act::Done;
use crate::store::Change;

/// What is to be done. All of it is one commit.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// What is said in the room, each with what changes with it.
    pub(super) announced: Vec<(Payload, Vec<Change>)>,
    /// What changes without a word.
    pub(super) silent: Vec<Change>,
    pub(super) done: Done,
}

impl Plan {
    /// It is so already.
    pub(super) fn nothing() -> Self {
        Self::default()
    }

    /// It is said in the room, and one thing changes.
    pub(super) fn announce(payload: Payload, change: Change) -> Self {
        Self::nothing().and_announce(payload, change)
    }

    /// One thing more is said and changes.
    pub(super) fn and_announce(mut self, payload: Payload, change: Change) -> Self {
        self.announced.push((payload, vec![change]));
        self
    }

    /// It is done without a word.
    pub(super) fn silently(changes: impl IntoIterator<Item = Change>) -> Self {
        Self { silent: changes.into_iter().collect(), ..Self::nothing() }
    }

    /// It is answered with this.
    pub(super) fn answer(self, done: Done) -> Self {
        Self { done, ..self }
    }
}
