//! What is kept and has not ended, in the order in which it was written, and where it stands in the file.

use std::collections::BTreeMap;

use chatroom_wire::MessageId;

/// The lines of what has not ended.
#[derive(Debug, Default)]
pub(super) struct Remaining {
    /// By their places in the file.
    lines: BTreeMap<u64, String>,
    places: BTreeMap<MessageId, u64>,
    bytes: u64,
}

impl Remaining {
    /// A message is kept, and its line is this one, and stands there.
    pub(super) fn keep(&mut self, id: MessageId, place: u64, line: String) {
        self.end(&id);
        self.bytes += line.len() as u64;
        self.lines.insert(place, line);
        self.places.insert(id, place);
    }

    /// A message has ended.
    pub(super) fn end(&mut self, id: &MessageId) {
        if let Some(line) = self.places.remove(id).and_then(|place| self.lines.remove(&place)) {
            self.bytes -= line.len() as u64;
        }
    }

    /// All lines stand close together now, in the same order, behind so many bytes.
    pub(super) fn moved_together(&mut self, mut behind: u64) {
        let mut moved = BTreeMap::new();
        self.lines = std::mem::take(&mut self.lines)
            .into_iter()
            .map(|(place, line)| {
                let new = behind;
                behind += line.len() as u64;
                moved.insert(place, new);
                (new, line)
            })
            .collect();
        for place in self.places.values_mut() {
            *place = moved[place];
        }
    }

    pub(super) fn has(&self, id: &MessageId) -> bool {
        self.places.contains_key(id)
    }

    /// The line of a message, and its place in the file.
    pub(super) fn line(&self, id: &MessageId) -> Option<(u64, &str)> {
        let place = self.places.get(id)?;
        Some((*place, self.lines.get(place)?))
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
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
