//! What was said, once and in order.
//!
//! The order is the server's: `received_at`, then the id (docs/protocol.md, section F). Neither MQTT nor the vendor's
//! broker promises order or that a message comes once, so both are made here.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    hash::{DefaultHasher, Hasher as _},
    io,
    sync::Arc,
};

use chatroom_wire::{Message, MessageId, Time, envelope::BadElement};

/// How many ids are remembered for each message that is kept: duplicates come late, after the message itself was
/// dropped from the front.
const IDS_PER_MESSAGE: usize = 4;
/// And so many at least, whatever is kept: what was told is found again in the history.
const IDS: usize = 40_000;

type Key = (Option<Time>, MessageId);
/// Stands for an id: many are remembered, and an id may be long.
type Print = [u64; 2];

/// The last messages of a room.
#[derive(Debug)]
pub(crate) struct Timeline {
    capacity: usize,
    most_bytes: usize,
    bytes: usize,
    messages: BTreeMap<Key, Arc<Message>>,
    /// The last that was told, also if it was deleted since.
    last: Option<Key>,
    /// What came, with its place in the order.
    seen: HashMap<Print, Option<Time>>,
    seen_order: VecDeque<Print>,
    newest: Option<Time>,
    /// The newest stamp of those whose ids are not remembered any more.
    forgotten: Option<Time>,
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
    /// Keeps `capacity` messages, as long as they take no more than `most_bytes`.
    pub(crate) fn new(capacity: usize, most_bytes: usize) -> Self {
        Self {
            capacity,
            most_bytes,
            bytes: 0,
            messages: BTreeMap::new(),
            last: None,
            seen: HashMap::new(),
            seen_order: VecDeque::new(),
            newest: None,
            forgotten: None,
        }
    }

    /// Adds a message in its place.
    pub(crate) fn insert(&mut self, message: Arc<Message>) -> Insertion {
        let id = identity(&message);
        // Without a stamp there is only the order of arrival.
        let time = message.received_at.or(self.newest);
        if !self.remember(print(&id), time) {
            return Insertion::Known;
        }
        let key = (time, id);
        let late = self.last.as_ref().is_some_and(|last| *last > key);
        if !late {
            self.last = Some(key.clone());
        }
        self.newest = self.newest.max(time);
        self.bytes += message.weight();
        self.messages.insert(key, message);
        while self.messages.len() > self.capacity || self.bytes > self.most_bytes {
            let Some((_, oldest)) = self.messages.pop_first() else { break };
            self.bytes -= oldest.weight();
        }
        Insertion::Added { late }
    }

    /// Takes a message out, and never in again. Answers whether it was there.
    pub(crate) fn delete(&mut self, id: &MessageId) -> bool {
        let print = print(id);
        let Some(time) = self.seen.get(&print).copied() else {
            self.remember(print, None);
            return false;
        };
        let deleted = self.messages.remove(&(time, id.clone()));
        self.bytes -= deleted.as_ref().map_or(0, |message| message.weight());
        deleted.is_some()
    }

    /// Answers whether an element that is no message comes for the first time.
    pub(crate) fn is_new(&mut self, bad: &BadElement) -> bool {
        let mut digest = Digest::of(ELEMENT);
        digest.add(bad.raw.as_str().as_bytes());
        self.remember(digest.print(), None)
    }

    /// Remembers a message that is not to be told, now or later.
    pub(crate) fn skip(&mut self, message: &Message) {
        self.remember(print(&identity(message)), message.received_at);
    }

    /// Whether anything was told.
    pub(crate) fn has_begun(&self) -> bool {
        self.last.is_some()
    }

    /// Up to here it is not known any more what was told.
    pub(crate) fn forgotten(&self) -> Option<Time> {
        self.forgotten
    }

    /// The newest text between two stamps. Other messages may be no part of the history.
    pub(crate) fn anchor(&self, from: Option<Time>, to: Option<Time>) -> Option<Time> {
        let behind = (to.map(Time::just_after), MessageId::from(""));
        let mut texts = self.messages.range(..behind).rev().filter(|(_, message)| message.text().is_some());
        texts.next().and_then(|((time, _), _)| *time).filter(|time| Some(*time) >= from)
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
        self.messages.values().map(|message| &**message)
    }

    /// Answers whether it is new.
    fn remember(&mut self, print: Print, time: Option<Time>) -> bool {
        if self.seen.contains_key(&print) {
            return false;
        }
        self.seen.insert(print, time);
        self.seen_order.push_back(print);
        if self.seen_order.len() > self.capacity.saturating_mul(IDS_PER_MESSAGE).max(IDS)
            && let Some(oldest) = self.seen_order.pop_front()
        {
            self.forgotten = self.forgotten.max(self.seen.remove(&oldest).flatten());
        }
        true
    }
}

/// The id, or for a message that has none what tells it from others. `published_at` is no part of it: the same message
/// may be published again.
fn identity(message: &Message) -> MessageId {
    message.id.clone().unwrap_or_else(|| {
        let bare = Message { published_at: None, ..message.clone() };
        let mut digest = Digest::of(NAMELESS);
        serde_json::to_writer(&mut digest, &bare).expect("a message is JSON, and a digest takes it all");
        let [first, second] = digest.print();
        MessageId::from(format!("~{first:016x}{second:016x}"))
    })
}

fn print(id: &MessageId) -> Print {
    let mut digest = Digest::of(ID);
    digest.add(id.as_str().as_bytes());
    digest.print()
}

/// What a digest is made of: texts of two kinds may be the same.
const ID: u8 = 0;
const NAMELESS: u8 = 1;
const ELEMENT: u8 = 2;

/// Tells texts apart by 128 bits.
struct Digest([DefaultHasher; 2]);

impl Digest {
    fn of(kind: u8) -> Self {
        let mut halves = [DefaultHasher::new(), DefaultHasher::new()];
        halves[0].write_u8(kind);
        halves[1].write_u8(!kind);
        Self(halves)
    }

    fn add(&mut self, bytes: &[u8]) {
        self.0.iter_mut().for_each(|half| half.write(bytes));
    }

    fn print(&self) -> Print {
        self.0.each_ref().map(DefaultHasher::finish)
    }
}

impl io::Write for Digest {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.add(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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

    fn message(second: u32, id: &str) -> Arc<Message> {
        Arc::new(Message {
            id: Some(id.into()),
            received_at: Some(format!("2026-01-01T00:00:{second:02}.000Z").parse().unwrap()),
            ..Message::text_by(User::named("ada"), id)
        })
    }

    fn texts(timeline: &Timeline) -> Vec<&str> {
        timeline.messages().filter_map(Message::text).collect()
    }

    #[test]
    fn a_message_that_comes_twice_is_told_once() {
        let mut timeline = Timeline::new(10, usize::MAX);
        assert_eq!(timeline.insert(message(1, "a")), Insertion::Added { late: false });
        assert_eq!(timeline.insert(message(1, "a")), Insertion::Known);
        assert_eq!(texts(&timeline), ["a"]);
    }

    #[test]
    fn a_late_message_is_put_in_its_place_and_marked() {
        let mut timeline = Timeline::new(10, usize::MAX);
        timeline.insert(message(3, "c"));
        assert_eq!(timeline.insert(message(1, "a")), Insertion::Added { late: true });
        assert_eq!(timeline.insert(message(3, "b")), Insertion::Added { late: true });
        assert_eq!(texts(&timeline), ["a", "b", "c"]);
    }

    #[test]
    fn a_deleted_message_does_not_come_back() {
        let mut timeline = Timeline::new(10, usize::MAX);
        timeline.insert(message(1, "a"));
        assert!(timeline.delete(&"a".into()));
        assert_eq!(timeline.insert(message(1, "a")), Insertion::Known);
        assert_eq!(texts(&timeline), Vec::<&str>::new());
    }

    #[test]
    fn the_oldest_go_and_still_do_not_come_twice() {
        let mut timeline = Timeline::new(3, usize::MAX);
        for (second, id) in (1..).zip(["a", "b", "c", "d", "e"]) {
            timeline.insert(message(second, id));
        }
        assert_eq!(texts(&timeline), ["c", "d", "e"]);
        assert_eq!(timeline.insert(message(1, "a")), Insertion::Known);
    }

    #[test]
    fn many_messages_leave_a_bounded_memory_of_ids() {
        let mut timeline = Timeline::new(100, usize::MAX);
        for number in 0..50_000u32 {
            timeline.insert(message(number / 1_000, &number.to_string()));
        }
        assert!(timeline.seen.len() == IDS && timeline.seen_order.len() == IDS && timeline.messages.len() == 100);
        assert_eq!(timeline.forgotten(), message(9, "").received_at, "and it is known which are gone");
    }

    #[test]
    fn messages_without_an_id_are_told_once_too() {
        let mut timeline = Timeline::new(10, usize::MAX);
        let nameless = Arc::new(Message { id: None, ..(*message(1, "a")).clone() });
        assert_eq!(timeline.insert(Arc::clone(&nameless)), Insertion::Added { late: false });
        assert_eq!(timeline.insert(Arc::clone(&nameless)), Insertion::Known);
    }

    #[test]
    fn long_messages_without_an_id_are_told_apart_by_all_of_their_text() {
        let mut timeline = Timeline::new(10, usize::MAX);
        let long =
            |end: &str| Arc::new(Message { id: None, ..Message::text_by(User::named("u"), "x".repeat(100_000) + end) });
        assert_eq!(timeline.insert(long("a")), Insertion::Added { late: false });
        assert_ne!(timeline.insert(long("b")), Insertion::Known);
        assert_eq!(timeline.insert(long("a")), Insertion::Known);
    }

    #[test]
    fn large_messages_push_the_oldest_out_by_their_size() {
        let mut timeline = Timeline::new(1_000, 1_000_000);
        let large = |second: u32, id: &str| {
            let text = Message::text_by(User::named("u"), "x".repeat(300_000));
            Arc::new(Message { id: Some(id.into()), payload: text.payload, ..(*message(second, id)).clone() })
        };
        for (second, id) in (1..).zip(["a", "b", "c", "d", "e"]) {
            timeline.insert(large(second, id));
        }
        let kept = |timeline: &Timeline| timeline.messages().filter_map(|it| it.id.clone()).collect::<Vec<_>>();
        assert_eq!(kept(&timeline), ["c", "d", "e"].map(MessageId::from));
        timeline.delete(&"d".into());
        timeline.insert(large(6, "f"));
        assert_eq!(kept(&timeline), ["c", "e", "f"].map(MessageId::from));
        assert_eq!(timeline.insert(large(1, "a")), Insertion::Known, "it is remembered all the same");
    }
}
