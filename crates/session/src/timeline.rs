//! What was said, once and in order.
//!
//! The order is the server's: `received_at`, then the id (docs/protocol.md, section F). Neither MQTT nor the vendor's
//! broker promises order or that a message comes once, so both are made here.

use std::{
    collections::{BTreeMap, HashSet, VecDeque},
    fmt,
    hash::{DefaultHasher, Hasher as _},
    io,
};

use chatroom_wire::{Message, MessageId, Time, envelope::BadElement};

/// How many ids are remembered for each message that is kept: duplicates come late, after the message itself was
/// dropped from the front.
const IDS_PER_MESSAGE: usize = 4;

type Key = (Option<Time>, MessageId);

/// The last messages of a room.
#[derive(Debug)]
pub(crate) struct Timeline {
    capacity: usize,
    messages: BTreeMap<Key, Message>,
    /// The last that was told, also if it was deleted since.
    last: Option<Key>,
    seen: HashSet<MessageId>,
    seen_order: VecDeque<MessageId>,
    newest: Option<Time>,
}

/// What came of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Insertion {
    /// It is new; `late` if it belongs before one that is there already.
    Added { late: bool },
    /// It was there before, or was deleted.
    Known,
}

impl Timeline {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            messages: BTreeMap::new(),
            last: None,
            seen: HashSet::new(),
            seen_order: VecDeque::new(),
            newest: None,
        }
    }

    /// Adds a message in its place.
    pub(crate) fn insert(&mut self, message: &Message) -> Insertion {
        let id = identity(message);
        if !self.remember(id.clone()) {
            return Insertion::Known;
        }
        // Without a stamp there is only the order of arrival.
        let time = message.received_at.or(self.newest);
        let key = (time, id);
        let late = self.last.as_ref().is_some_and(|last| *last > key);
        if !late {
            self.last = Some(key.clone());
        }
        self.newest = self.newest.max(time);
        self.messages.insert(key, message.clone());
        while self.messages.len() > self.capacity {
            self.messages.pop_first();
        }
        Insertion::Added { late }
    }

    /// Takes a message out, and never in again. Answers whether it was there.
    pub(crate) fn delete(&mut self, id: &MessageId) -> bool {
        self.remember(id.clone());
        let before = self.messages.len();
        self.messages.retain(|(_, other), _| other != id);
        self.messages.len() < before
    }

    /// Answers whether an element that is no message comes for the first time.
    pub(crate) fn is_new(&mut self, bad: &BadElement) -> bool {
        let start: String = bad.raw.as_str().chars().take(200).collect();
        self.remember(MessageId::from(format!("!{}{start}", bad.raw.as_str().len())))
    }

    /// The stamp of the newest message, here or noted.
    pub(crate) fn newest(&self) -> Option<Time> {
        self.newest
    }

    /// Notes that the room has come as far as this, without showing it.
    pub(crate) fn note(&mut self, time: Option<Time>) {
        self.newest = self.newest.max(time);
    }

    /// The messages in order.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.messages.values()
    }

    /// Answers whether the id is new.
    fn remember(&mut self, id: MessageId) -> bool {
        if !self.seen.insert(id.clone()) {
            return false;
        }
        self.seen_order.push_back(id);
        if self.seen_order.len() > self.capacity.max(1).saturating_mul(IDS_PER_MESSAGE)
            && let Some(oldest) = self.seen_order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }
}

/// The id, or for a message that has none what tells it from others. `published_at` is no part of it: the same message
/// may be published again.
fn identity(message: &Message) -> MessageId {
    message.id.clone().unwrap_or_else(|| {
        let bare = Message { published_at: None, ..message.clone() };
        let mut digest = Digest::default();
        serde_json::to_writer(&mut digest, &bare).expect("a message is JSON, and a digest takes it all");
        MessageId::from(digest.to_string())
    })
}

/// Tells texts apart by 128 bits and their length: many are remembered, and a message may be long.
struct Digest {
    halves: [DefaultHasher; 2],
    length: usize,
}

impl Default for Digest {
    fn default() -> Self {
        let mut halves = [DefaultHasher::new(), DefaultHasher::new()];
        halves[1].write_u8(1);
        Self { halves, length: 0 }
    }
}

impl io::Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.halves.iter_mut().for_each(|half| half.write(bytes));
        self.length += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, second] = &self.halves;
        write!(f, "~{:016x}{:016x}-{}", first.finish(), second.finish(), self.length)
    }
}

/// Sorts elements of a page by the server's order, which no answer promises.
pub(crate) fn sort(messages: &mut [Message]) {
    messages.sort_by(|a, b| a.order_key().cmp(&b.order_key()));
}

#[cfg(test)]
mod tests {
    use chatroom_wire::User;

    use super::*;

    fn message(second: u32, id: &str) -> Message {
        Message {
            id: Some(id.into()),
            received_at: Some(format!("2026-01-01T00:00:{second:02}.000Z").parse().unwrap()),
            ..Message::text_by(User::named("ada"), id)
        }
    }

    fn texts(timeline: &Timeline) -> Vec<&str> {
        timeline.messages().filter_map(Message::text).collect()
    }

    #[test]
    fn a_message_that_comes_twice_is_told_once() {
        let mut timeline = Timeline::new(10);
        assert_eq!(timeline.insert(&message(1, "a")), Insertion::Added { late: false });
        assert_eq!(timeline.insert(&message(1, "a")), Insertion::Known);
        assert_eq!(texts(&timeline), ["a"]);
    }

    #[test]
    fn a_late_message_is_put_in_its_place_and_marked() {
        let mut timeline = Timeline::new(10);
        timeline.insert(&message(3, "c"));
        assert_eq!(timeline.insert(&message(1, "a")), Insertion::Added { late: true });
        assert_eq!(timeline.insert(&message(3, "b")), Insertion::Added { late: true });
        assert_eq!(texts(&timeline), ["a", "b", "c"]);
    }

    #[test]
    fn a_deleted_message_does_not_come_back() {
        let mut timeline = Timeline::new(10);
        timeline.insert(&message(1, "a"));
        assert!(timeline.delete(&"a".into()));
        assert_eq!(timeline.insert(&message(1, "a")), Insertion::Known);
        assert_eq!(texts(&timeline), Vec::<&str>::new());
    }

    #[test]
    fn the_oldest_go_and_still_do_not_come_twice() {
        let mut timeline = Timeline::new(3);
        for (second, id) in (1..).zip(["a", "b", "c", "d", "e"]) {
            timeline.insert(&message(second, id));
        }
        assert_eq!(texts(&timeline), ["c", "d", "e"]);
        assert_eq!(timeline.insert(&message(1, "a")), Insertion::Known);
    }

    #[test]
    fn many_messages_leave_a_bounded_memory_of_ids() {
        let mut timeline = Timeline::new(100);
        for number in 0..10_000u32 {
            timeline.insert(&message(number % 60, &number.to_string()));
        }
        assert!(timeline.seen.len() <= 400 && timeline.seen_order.len() <= 400 && timeline.messages.len() <= 100);
    }

    #[test]
    fn messages_without_an_id_are_told_once_too() {
        let mut timeline = Timeline::new(10);
        let nameless = Message { id: None, ..message(1, "a") };
        assert_eq!(timeline.insert(&nameless), Insertion::Added { late: false });
        assert_eq!(timeline.insert(&nameless), Insertion::Known);
    }

    #[test]
    fn a_long_message_without_an_id_is_remembered_in_few_bytes() {
        let mut timeline = Timeline::new(10);
        let long = |end: &str| Message { id: None, ..Message::text_by(User::named("u"), "x".repeat(100_000) + end) };
        assert_eq!(timeline.insert(&long("a")), Insertion::Added { late: false });
        assert_ne!(timeline.insert(&long("b")), Insertion::Known, "the end counts too");
        assert_eq!(timeline.insert(&long("a")), Insertion::Known);
        let longest = timeline.seen_order.iter().map(|id| id.as_str().len()).max();
        assert!(longest < Some(50), "{longest:?}");
    }
}
