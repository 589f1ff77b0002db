//! What goes into the store and comes out of it.

use std::time::Duration;

use bytes::Bytes;
use chatroom_wire::{
    Chatroom, Kind, MessageId, RoomId, Time, UserId,
    chatroom::{CustomCounter, ViewerInfo},
    rest::{MessagesQuery, PAGE_MAX},
};
use jiff::Timestamp;
use serde_json::Map;

/// A room to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRoom {
    /// Its id.
    pub id: RoomId,
    /// The keys of its counters; one that comes twice is made once.
    pub custom_counters: Vec<String>,
    /// When it is made.
    pub created_at: Timestamp,
}

/// A room as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoomRecord {
    /// Its id.
    pub id: RoomId,
    /// Whether viewers may not write for now.
    pub muted: bool,
    /// Its counters, in the order in which they were named.
    pub custom_counters: Vec<CounterRecord>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its state last changed. Messages are no change of it.
    pub updated_at: Timestamp,
}

/// A counter of a room as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CounterRecord {
    /// Its key.
    pub key: String,
    /// Its value.
    pub value: i64,
    /// Grows with each change.
    pub version: i64,
    /// When it changed.
    pub updated_at: Timestamp,
    /// Whether it counts no more.
    pub disabled: bool,
}

impl From<RoomRecord> for Chatroom {
    /// The room as the REST service shows it (docs/protocol.md, section C.8). All that mobile clients insist on is there.
    fn from(room: RoomRecord) -> Self {
        Self {
            id: room.id,
            muted: room.muted,
            status: "CHAT_STATUS_ACTIVE".to_owned(),
            blocked_users: Vec::new(),
            pinned_messages: Vec::new(),
            active_poll: None,
            viewer_info: Some(ViewerInfo {
                version_number: "0".to_owned(),
                updated_at: Some(Time::nanoseconds(room.created_at)),
                ..ViewerInfo::default()
            }),
            custom_counters: room.custom_counters.into_iter().map(CustomCounter::from).collect(),
            created_at: Some(Time::nanoseconds(room.created_at)),
            updated_at: Some(Time::nanoseconds(room.updated_at)),
            extra: Map::new(),
        }
    }
}

impl From<CounterRecord> for CustomCounter {
    fn from(counter: CounterRecord) -> Self {
        Self {
            key: counter.key,
            value: counter.value,
            version_number: counter.version.to_string(),
            updated_at: Some(Time::nanoseconds(counter.updated_at)),
            disabled: counter.disabled,
            extra: Map::new(),
        }
    }
}

/// Where a room's log ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Position {
    /// The number of the last message that was stored, also when it is pruned by now; 0 where there was none.
    pub seq: u64,
    /// Its `received_at`. The next one must be later.
    pub received_at: Option<Timestamp>,
}

/// A message to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMessage {
    /// Its id, one of a kind in its room.
    pub id: MessageId,
    /// Who sent it.
    pub user: UserId,
    /// Its type, for pages of some types only.
    pub kind: Kind,
    /// Its stamp; later than all before it in its room.
    pub received_at: Timestamp,
    /// The message as it will be sent, encoded once.
    pub json: Bytes,
}

/// What became of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Appended {
    /// It is stored, durably.
    Stored {
        /// Its number in its room, from 1.
        seq: u64,
    },
    /// The same user sent the same id before, and it was stored then.
    Duplicate,
    /// Another user sent this id before; it is not stored.
    IdTaken,
}

/// A message of a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredMessage {
    /// Its number in its room, from 1.
    pub seq: u64,
    /// The message as it was given to the store.
    pub json: Bytes,
}

/// How much of a room's log is kept. What either limit excludes is removed; no limit keeps all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct History {
    /// Only messages received within this time.
    pub age: Option<Duration>,
    /// Only this many, the newest.
    pub count: Option<u64>,
}

/// How many messages a page holds at most: what the query says, within what is allowed. A limit of 0 says nothing, as in
/// every service of the gRPC family.
pub(crate) fn page_size(query: &MessagesQuery) -> u16 {
    match query.limit {
        None | Some(0) => PAGE_MAX,
        Some(limit) => limit.min(PAGE_MAX),
    }
}
