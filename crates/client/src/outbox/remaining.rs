//! What is kept and has not ended, in the order in which it was written.

use std::collections::BTreeMap;

use chatroom_wire::MessageId;

/// The lines of what has not ended.
#[derive(Debug, Default)]
pub(super) struct Remaining {
    next: u64,
    lines: BTreeMap<u64, String>,
    places: BTreeMap<MessageId, u64>,
    bytes: u64,
}

impl Remaining {
    /// A message is kept, and its line is this one.
    pub(super) fn keep(&mut self, id: MessageId, line: String) {
        self.end(&id);
        self.bytes += line.len() as u64;
        self.lines.insert(self.next, line);
        self.places.insert(id, self.next);
        self.next += 1;
    }

    /// A message has ended. Answers whether it was kept.
    pub(super) fn end(&mut self, id: &MessageId) -> bool {
        let line = self.places.remove(id).and_then(|place| self.lines.remove(&place));
        self.bytes -= line.as_ref().map_or(0, |line| line.len() as u64);
        line.is_some()
    }

    pub(super) fn has(&self, id: &MessageId) -> bool {
        self.places.contains_key(id)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The size of all lines.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The lines, in order.
    pub(super) fn lines(&self) -> impl Iterator<Item = &str> {
        self.lines.values().map(String::as_str)
    }
}
