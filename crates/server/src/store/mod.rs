//! The truth: rooms and their messages, each with its place in its room's log.
//!
//! Read [`Store`] first. Every implementation passes the same list of tests, `contract`.
//!
//! - [`record`]: what goes in and comes out; [`change`]: what can change in a room; [`dictionaries`]: the words of the
//!   filter; [`error`]: why the store refused
//! - [`sqlite`]: the store in one file, or in memory
//!
//! # What expires
//! A store that is told so hides what was received before a horizon ([`SqliteStore::hide_before`]): it is in no answer,
//! whether [`Store::prune`] has removed it by now or not.
//!
//! # What a log promises
//! The messages of a room are numbered 1, 2, 3 … in the order in which they were committed, with no hole and no number
//! given twice. `received_at` grows with the number, strictly: it is the key by which clients page, and two messages
//! with the same instant could not be told apart at a page's edge. So one task stamps the messages of a room, and the
//! store refuses a stamp that does not grow.
//!
//! # What a change promises
//! A [`Change`] is committed together with the message that announces it, or alone; after the answer it is in all that is
//! read. What it would change and does not find it leaves alone, so that it can be asked for twice.

#[cfg(test)]
#[macro_use]
mod contract;
pub mod change;
pub mod dictionaries;
pub mod error;
pub mod record;
pub mod sqlite;

use std::pin::Pin;

use chatroom_wire::{MessageId, PollId, RoomId, UserId, poll::Poll, rest::MessagesQuery};
use jiff::Timestamp;

use crate::retention::ClockRecord;

pub use change::Change;
pub use dictionaries::{DictionaryStore, NewDictionary, PatternList};
pub use error::StoreError;
pub(crate) use record::fitting;
pub use record::{
    Appended, Audience, Bar, CounterRecord, History, NewMessage, NewRoom, Overdue, Position, RoomRecord, StoredMessage,
    ViewerInfoRecord,
};
pub use sqlite::{Found, SqliteStore};

/// What a [`Store`] answers with, later.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Rooms and their messages, kept.
///
/// An append or a change begins when it is called, not when its future is awaited: of two in the same room, the one called
/// first is done first. When too many wait, a write is refused with [`StoreError::Unavailable`].
///
/// # Cancel safety
/// A write whose future is dropped may still be carried out. It is safe to ask for it again: a message is known by its
/// id, and the second time is answered with [`Appended::Duplicate`].
pub trait Store: Send + Sync + 'static {
    /// Makes a room; returns after it is durable.
    ///
    /// # Errors
    /// [`StoreError::RoomExists`] when there is a room of this id; else those of the storage.
    fn create_room(&self, room: NewRoom) -> StoreFuture<'_, RoomRecord>;

    /// The room of this id.
    ///
    /// # Errors
    /// Those of the storage.
    fn room(&self, id: &RoomId) -> StoreFuture<'_, Option<RoomRecord>>;

    /// The room that was made first.
    ///
    /// # Errors
    /// Those of the storage.
    fn first_room(&self) -> StoreFuture<'_, Option<RoomRecord>>;

    /// Where a room's log ends.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRoom`]; else those of the storage.
    fn position(&self, room: &RoomId) -> StoreFuture<'_, Position>;

    /// Commits messages in their order, all or none, each with the next number of its room and with its changes; returns
    /// after the commit is durable. Answers one [`Appended`] for each message; a duplicate and a message whose id is taken
    /// use no number up and change nothing.
    ///
    /// # Errors
    /// Nothing was stored: [`StoreError::NoSuchRoom`]; [`StoreError::OutOfOrder`] when a stamp does not grow; else those
    /// of the storage.
    fn append(&self, room: &RoomId, messages: Vec<NewMessage>) -> StoreFuture<'_, Vec<Appended>>;

    /// A page of the log, always ascending. Without `from_oldest` it is the newest messages that fit the query, with it
    /// the oldest. It ends at about 1 MiB, but holds two messages where there are two: an empty page alone is the last.
    /// `before_at` and `after_at` are exclusive. No more than [`PAGE_MAX`](chatroom_wire::rest::PAGE_MAX)
    /// messages, which is also the number where the query says none (docs/protocol.md, section C.2). What only its author
    /// gets to see is there only if the reader is the author; what is deleted is not there.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRoom`]; else those of the storage.
    fn messages(&self, room: &RoomId, reader: &UserId, query: MessagesQuery) -> StoreFuture<'_, Vec<StoredMessage>>;

    /// One message, whoever may see it; none if it was deleted.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRoom`]; else those of the storage.
    fn message(&self, room: &RoomId, id: &MessageId) -> StoreFuture<'_, Option<StoredMessage>>;

    /// Who sent the message of this id, also if it was deleted since; none if there was none, or it is pruned by now.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRoom`]; else those of the storage.
    fn author_of(&self, room: &RoomId, id: &MessageId) -> StoreFuture<'_, Option<UserId>>;

    /// Changes a room without a message, all or nothing; returns after the commit is durable.
    ///
    /// # Errors
    /// Nothing was changed: [`StoreError::NoSuchRoom`]; else those of the storage.
    fn change(&self, room: &RoomId, changes: Vec<Change>, at: Timestamp) -> StoreFuture<'_, ()>;

    /// The polls of a room with their counts, the newest first: those made before `before`, or from the newest on where
    /// that is none, or is no poll of the room. At most `limit`.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRoom`]; else those of the storage.
    fn polls(&self, room: &RoomId, before: Option<&PollId>, limit: u16) -> StoreFuture<'_, Vec<Poll>>;

    /// One poll with its counts.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRoom`]; else those of the storage.
    fn poll(&self, room: &RoomId, id: &PollId) -> StoreFuture<'_, Option<Poll>>;

    /// The name that somebody took in a room, if they took one.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRoom`]; else those of the storage.
    fn name_of(&self, room: &RoomId, user: &UserId) -> StoreFuture<'_, Option<String>>;

    /// Notes what the clocks say, for the next start. A write like any other: it fails where nothing can be written.
    ///
    /// # Errors
    /// Those of the storage.
    fn keep_clock(&self, record: ClockRecord) -> StoreFuture<'_, ()>;

    /// The rooms that have something to prune, or a pin whose message is gone; at most `limit`.
    ///
    /// # Errors
    /// Those of the storage.
    fn overdue(&self, keep: History, now: Timestamp, limit: u16) -> StoreFuture<'_, Vec<Overdue>>;

    /// Removes what is older than a room keeps, and what announcements quote of it; answers how many messages. Their text
    /// is in no file of the storage after that, as soon as nobody reads an older state. The numbers of those that stay,
    /// and of those to come, are the same as without. Pins stay until they are taken away.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRoom`]; else those of the storage, and a part may be removed already.
    fn prune(&self, room: &RoomId, keep: History, now: Timestamp) -> StoreFuture<'_, u64>;

    /// Notes that somebody may not come into a room; answers whether it was not so before.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRoom`]; else those of the storage.
    fn bar(&self, room: &RoomId, user: &UserId, at: Timestamp) -> StoreFuture<'_, bool>;

    /// Takes that back; answers whether it was so before.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRoom`]; else those of the storage.
    fn unbar(&self, room: &RoomId, user: &UserId) -> StoreFuture<'_, bool>;

    /// Everybody who may not come into some room, the oldest first.
    ///
    /// # Errors
    /// Those of the storage.
    fn bars(&self) -> StoreFuture<'_, Vec<Bar>>;

    /// Carries out what was asked before, then closes the storage, so that its file alone holds all of it. What is asked
    /// later is refused.
    ///
    /// # Cancel safety
    /// It is closed all the same.
    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}
