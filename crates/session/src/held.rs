//! What is said while the history is read: it is told behind what that brings.

use chatroom_wire::{Message, Time};

use crate::timeline;

/// The most messages that are held back; beyond, the history is read once more.
const MESSAGES: usize = 10_000;
/// The most memory that they may take.
const BYTES: usize = 16 * 1024 * 1024;

/// Messages that are held back.
#[derive(Debug, Default)]
pub(crate) struct Held {
    messages: Vec<Message>,
    bytes: usize,
    /// The newest of those that are certain to be new.
    newest: Option<Time>,
    /// Too much was held and was let go, or a hole came among it: the history must be read once more.
    has_hole: bool,
}

impl Held {
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// `is_new` where nothing that was said earlier can come so.
    pub(crate) fn push(&mut self, message: Message, is_new: bool) {
        if self.messages.len() >= MESSAGES || self.bytes >= BYTES {
            *self = Self { has_hole: true, ..Self::default() };
        }
        self.bytes += message.weight();
        self.newest = self.newest.max(message.received_at.filter(|_| is_new));
        self.messages.push(message);
    }

    /// Something is missing among what is held.
    pub(crate) fn hole(&mut self) {
        self.has_hole = true;
    }

    /// Whether something was missing; asked once.
    pub(crate) fn take_hole(&mut self) -> bool {
        std::mem::take(&mut self.has_hole)
    }

    pub(crate) fn oldest(&self) -> Option<Time> {
        self.messages.iter().filter_map(|message| message.received_at).min()
    }

    /// The newest of those that are certain to be new.
    pub(crate) fn newest(&self) -> Option<Time> {
        self.newest
    }

    /// All that was held, in order.
    pub(crate) fn release(&mut self) -> Vec<Message> {
        let mut messages = std::mem::take(self).messages;
        timeline::sort(&mut messages);
        messages
    }
}

#[cfg(test)]
mod tests {
    use chatroom_wire::User;

    use super::*;

    #[test]
    fn what_takes_too_much_memory_is_let_go_and_leaves_a_hole() {
        let mut held = Held::default();
        let large = Message::text_by(User::named("ada"), "x".repeat(1024 * 1024));
        for _ in 0..16 {
            held.push(large.clone(), true);
        }
        assert!(!held.take_hole() && held.messages.len() == 16);
        held.push(large, true);
        assert!(held.take_hole() && held.messages.len() == 1);
    }
}
