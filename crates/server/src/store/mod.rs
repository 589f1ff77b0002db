//! The truth: rooms and their messages, each with its place in its room's log.
//!
//! Read [`Store`] first. Every implementation passes the same list of tests, `contract`.
//!
//! - [`record`]: what goes in and comes out; [`error`]: why the store refused
//! - [`sqlite`]: the store in one file, or in memory
//!
//! # What a log promises
//! The messages of a room are numbered 1, 2, 3 … in the order in which they were committed, with no hole and no number
//! given twice. `received_at` grows with the number, strictly: it is the key by which clients page, and two messages
//! with the same instant could not be told apart at a page's edge. So one task stamps the messages of a room, and the
//! store refuses a stamp that does not grow.

#[cfg(test)]
#[macro_use]
mod contract;
pub mod error;
pub mod record;
pub mod sqlite;

use std::pin::Pin;

use chatroom_wire::{RoomId, rest::MessagesQuery};
use jiff::Timestamp;

pub use error::StoreError;
pub use record::{Appended, CounterRecord, History, NewMessage, NewRoom, Position, RoomRecord, StoredMessage};
pub use sqlite::SqliteStore;

/// What a [`Store`] answers with, later.
pub type StoreFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Rooms and their messages, kept.
///
/// An append begins when it is called, not when its future is awaited: of two to the same room, the one called first is
/// numbered first. When too many wait, a write is refused with [`StoreError::Unavailable`].
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

    /// Commits messages in their order, all or none, each with the next number of its room; returns after the commit
    /// is durable. Answers one [`Appended`] for each message; a duplicate
    /// and a message whose id is taken use no number up.
    ///
    /// # Errors
    /// Nothing was stored: [`StoreError::NoSuchRoom`]; [`StoreError::OutOfOrder`] when a stamp does not grow; else those
    /// of the storage.
    fn append(&self, room: &RoomId, messages: Vec<NewMessage>) -> StoreFuture<'_, Vec<Appended>>;

    /// A page of the log, always ascending. Without `from_oldest` it is the newest messages that fit the query, with it
    /// the oldest. `before_at` and `after_at` are exclusive. No more than [`PAGE_MAX`](chatroom_wire::rest::PAGE_MAX)
    /// messages, which is also the number where the query says none (docs/protocol.md, section C.2).
    ///
    /// # Errors
    /// [`StoreError::NoSuchRoom`]; else those of the storage.
    fn messages(&self, room: &RoomId, query: MessagesQuery) -> StoreFuture<'_, Vec<StoredMessage>>;

    /// Removes what is older than a room keeps; answers how many messages. The numbers of those that stay, and of those
    /// to come, are the same as without.
    ///
    /// # Errors
    /// [`StoreError::NoSuchRoom`]; else those of the storage, and a part may be removed already.
    fn prune(&self, room: &RoomId, keep: History, now: Timestamp) -> StoreFuture<'_, u64>;
}
