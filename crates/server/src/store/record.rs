//! What goes into the store and comes out of it.

use std::{collections::BTreeMap, time::Duration};

use bytes::Bytes;
use chatroom_wire::{
    Chatroom, DictionaryId, Kind, MessageId, RoomId, StickerPackId, Time, User, UserId,
    chatroom::{CustomCounter, ViewerInfo},
    payload::PinUnpin,
    poll::Poll,
    rest::{MessagesQuery, PAGE_MAX},
};
use jiff::Timestamp;
use serde_json::Map;

use super::Change;

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
    /// Whose messages are hidden, in the order in which they were blocked. Each has an id.
    pub blocked_users: Vec<User>,
    /// What is pinned, in the order in which it was. Each message has an id.
    pub pinned_messages: Vec<PinUnpin>,
    /// The poll that takes votes, with its counts.
    pub active_poll: Option<Poll>,
    /// The number of viewers as it was last kept.
    pub viewer_info: ViewerInfoRecord,
    /// Which dictionaries the word filter uses here, in the order of their ids.
    pub dictionaries: Vec<DictionaryId>,
    /// Of which packs it was said whether the room uses them; for others the default holds.
    pub sticker_packs: BTreeMap<StickerPackId, bool>,
    /// Its counters, in the order in which they were named.
    pub custom_counters: Vec<CounterRecord>,
    /// The names that its moderators go by, in the order in which they came; each person by id and name alone.
    pub admins: Vec<User>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last muted or unmuted, somebody blocked or unblocked, a message pinned or unpinned, the number of viewers
    /// shown or hidden, a poll made, brought further or deleted. Messages, counts, votes, names, and what the room uses are
    /// no change of it, and it never goes back.
    pub updated_at: Timestamp,
}

impl RoomRecord {
    /// A room in which nothing was done yet.
    pub fn new(id: RoomId, created_at: Timestamp) -> Self {
        Self {
            id,
            muted: false,
            blocked_users: Vec::new(),
            pinned_messages: Vec::new(),
            active_poll: None,
            viewer_info: ViewerInfoRecord::default(),
            dictionaries: Vec::new(),
            sticker_packs: BTreeMap::new(),
            custom_counters: Vec::new(),
            admins: Vec::new(),
            created_at,
            updated_at: created_at,
        }
    }
}

/// So many names of moderators a room knows; beyond, the oldest is forgotten.
pub(crate) const ADMIN_NAMES: usize = chatroom_wire::names::ADMINS_MAX;

impl RoomRecord {
    /// The same, but for the list of blocked users, which may be long.
    pub(crate) fn without_blocked(&self) -> Self {
        Self {
            id: self.id.clone(),
            muted: self.muted,
            blocked_users: Vec::new(),
            pinned_messages: self.pinned_messages.clone(),
            active_poll: self.active_poll.clone(),
            viewer_info: self.viewer_info,
            dictionaries: self.dictionaries.clone(),
            sticker_packs: self.sticker_packs.clone(),
            custom_counters: self.custom_counters.clone(),
            admins: self.admins.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        }
    }
}

/// The number of viewers as it is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ViewerInfoRecord {
    /// Whether it is shown.
    pub enabled: bool,
    /// The number.
    pub count: i64,
    /// Grows with each change.
    pub version: i64,
    /// When it changed; never before the first change.
    pub updated_at: Option<Timestamp>,
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
            blocked_users: room.blocked_users,
            pinned_messages: room.pinned_messages,
            active_poll: room.active_poll.as_ref().map(Poll::for_viewers),
            viewer_info: Some(ViewerInfo {
                enabled: room.viewer_info.enabled,
                count: room.viewer_info.count,
                version_number: version_number(room.viewer_info.version),
                updated_at: Some(Time::nanoseconds(room.viewer_info.updated_at.unwrap_or(room.created_at))),
                extra: Map::new(),
            }),
            custom_counters: room.custom_counters.into_iter().map(CustomCounter::from).collect(),
            admins: room.admins,
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
            version_number: version_number(counter.version),
            updated_at: Some(Time::nanoseconds(counter.updated_at)),
            disabled: counter.disabled,
            extra: Map::new(),
        }
    }
}

/// A version as clients compare it: as text, so that all have the same length (docs/protocol.md, section D.2).
pub(crate) fn version_number(version: i64) -> String {
    format!("{version:020}")
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
    /// Who gets to see it.
    pub audience: Audience,
    /// What changes in the room with it: in the same transaction, and only if it is stored. A duplicate changes nothing.
    pub changes: Vec<Change>,
}

/// Who gets to see a message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Audience {
    /// Everybody in the room.
    #[default]
    Everyone,
    /// Its author alone: somebody blocked, or a vote.
    Author,
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
    /// Who gets to see it.
    pub audience: Audience,
    /// The message as it was given to the store.
    pub json: Bytes,
}

/// Somebody who may not come into a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    /// The room.
    pub room: RoomId,
    /// The person.
    pub user: UserId,
    /// Since when.
    pub at: Timestamp,
}

/// A room with something to prune.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// The room.
    pub room: RoomId,
    /// Whether something is pinned there.
    pub has_pins: bool,
}

/// How much of a room's log is kept. What either limit excludes is removed; no limit keeps all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct History {
    /// Only messages received within this time.
    pub age: Option<Duration>,
    /// Only this many, the newest.
    pub count: Option<u64>,
}

/// How many bytes a page holds at about most; but always two messages where there are two, so that whoever pages by time
/// gets on.
pub(crate) const PAGE_BYTES: usize = 1 << 20;

/// How many elements, of these sizes, fit into the bytes of a page.
pub(crate) fn fitting(sizes: impl IntoIterator<Item = usize>) -> usize {
    let mut bytes = 0_usize;
    let fits = |(index, size): &(usize, usize)| {
        bytes = bytes.saturating_add(*size);
        *index < 2 || bytes <= PAGE_BYTES
    };
    sizes.into_iter().enumerate().take_while(fits).count()
}

/// How many messages a page holds at most: what the query says, within what is allowed. A limit of 0 says nothing, as in
/// every service of the gRPC family.
pub(crate) fn page_size(query: &MessagesQuery) -> u16 {
    match query.limit {
        None | Some(0) => PAGE_MAX,
        Some(limit) => limit.min(PAGE_MAX),
    }
}
