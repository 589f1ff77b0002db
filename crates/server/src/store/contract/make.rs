//! What the tests write, and how they read it back.

use chatroom_wire::{
    DictionaryId, Kind, MessageId, OptionId, PollId, RoomId, Time, User, UserId,
    payload::{PinUnpin, PinnedMessage},
    poll::{MultiChoice, Poll, PollOption, PollStatus},
    rest::MessagesQuery,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    retention::ClockRecord,
    store::{
        Appended, Audience, Change, DictionaryStore, NewDictionary, NewMessage, NewRoom, RoomRecord, Store,
        StoredMessage,
    },
};

pub(crate) async fn make_room(store: &impl Store, id: &str) -> RoomId {
    let new = NewRoom { id: id.into(), custom_counters: Vec::new(), created_at: at(0) };
    store.create_room(new).await.unwrap().id
}

pub(crate) async fn room_with_counter(store: &impl Store) -> RoomId {
    let new = NewRoom { id: "r".into(), custom_counters: vec!["likes".into()], created_at: at(0) };
    store.create_room(new).await.unwrap().id
}

pub(crate) async fn make_dictionary(store: &impl DictionaryStore, id: &str) {
    let new = NewDictionary { id: DictionaryId::from(id), name: id.to_owned(), description: String::new(), at: at(0) };
    store.create_dictionary(new).await.unwrap();
}

/// A text of ada's, stamped this many seconds after the room was made.
pub(crate) fn text(id: &str, stamp: u64) -> NewMessage {
    let received_at = at(stamp);
    NewMessage {
        id: MessageId::from(id),
        user: "ada".into(),
        kind: Kind::Text,
        received_at,
        json: format!(r#"{{"id":"{id}","received_at":"{received_at:.9}"}}"#).into(),
        audience: Audience::Everyone,
        changes: Vec::new(),
    }
}

/// What the clocks say this many seconds after the room was made.
pub(crate) fn clock_record(stamp: u64) -> ClockRecord {
    ClockRecord { trusted: at(stamp), seen: at(stamp + 1), steady: std::time::Duration::from_secs(stamp + 2) }
}

/// A text of eve's that nobody else gets to see.
pub(crate) fn hidden(id: &str, stamp: u64) -> NewMessage {
    NewMessage { user: "eve".into(), audience: Audience::Author, ..text(id, stamp) }
}

pub(crate) fn with(message: NewMessage, changes: impl IntoIterator<Item = Change>) -> NewMessage {
    NewMessage { changes: changes.into_iter().collect(), ..message }
}

pub(crate) fn count(key: &str, by: i64) -> Change {
    Change::Count { key: key.to_owned(), by }
}

pub(crate) fn block(id: &str, name: &str) -> Change {
    Change::Block(User { id: Some(UserId::from(id)), ..User::named(name) })
}

pub(crate) fn pin(id: &str) -> Change {
    let message = PinnedMessage { id: Some(MessageId::from(id)), ..PinnedMessage::default() };
    Change::Pin(PinUnpin { message, ..PinUnpin::default() })
}

pub(crate) fn poll(id: &str, status: PollStatus) -> Poll {
    let option = |id: &str, corrected| PollOption {
        id: Some(OptionId::from(id)),
        text: id.to_owned(),
        corrected: Some(corrected),
        ..PollOption::default()
    };
    let options = vec![option("a", true), option("b", false)];
    let multi_choice = MultiChoice { question: "which?".to_owned(), options, ..MultiChoice::default() };
    Poll { id: Some(PollId::from(id)), status, multi_choice, ..Poll::default() }
}

pub(crate) fn vote(user: &str, poll: &str, options: &[&str]) -> Change {
    let options = options.iter().map(|option| OptionId::from(*option)).collect();
    Change::Vote { user: UserId::from(user), poll: PollId::from(poll), options }
}

pub(crate) async fn change(store: &impl Store, room: &RoomId, changes: impl IntoIterator<Item = Change>) {
    store.change(room, changes.into_iter().collect(), at(1)).await.unwrap();
}

pub(crate) fn stored(seq: u64) -> Appended {
    Appended::Stored { seq }
}

pub(crate) fn at(seconds: u64) -> Timestamp {
    let start: Timestamp = "2024-07-29T15:51:28.123456789Z".parse().unwrap();
    start + SignedDuration::from_secs(i64::try_from(seconds).unwrap())
}

pub(crate) async fn read(store: &impl Store, room: &RoomId) -> RoomRecord {
    store.room(room).await.unwrap().unwrap()
}

/// The same as the store does, on a list.
pub(crate) async fn all(store: &impl Store, room: &RoomId) -> Vec<StoredMessage> {
    let mut all: Vec<StoredMessage> = Vec::new();
    loop {
        let page = match all.last() {
            None => MessagesQuery { from_oldest: true, ..MessagesQuery::default() },
            Some(last) => {
                MessagesQuery { from_oldest: true, after_at: Some(received_at(&last.json)), ..MessagesQuery::default() }
            }
        };
        let page = store.messages(room, &"ada".into(), page).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

pub(crate) fn numbers(messages: &[StoredMessage]) -> Vec<u64> {
    messages.iter().map(|message| message.seq).collect()
}

pub(crate) fn room(id: &str) -> RoomId {
    RoomId::from(id)
}

fn received_at(json: &[u8]) -> Time {
    let message: serde_json::Value = serde_json::from_slice(json).unwrap();
    message["received_at"].as_str().unwrap().parse().unwrap()
}
