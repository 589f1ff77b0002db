//! The store in one SQLite file, or in memory.
//!
//! One thread writes: it takes all requests that wait, carries them out in one transaction, commits once, and then
//! answers them all, so that a thousand messages cost one sync of the disk. Pages are read by other connections on
//! blocking threads and never wait for it (SQLite's write-ahead log).
//!
//! - `writer`: that thread; `readers`: those connections
//! - `append`, `page`, `prune`: a room's log; `rooms`, `state`, `polls`: what a room is besides; `copies`: what must go
//!   with what is deleted
//! - `filter`: dictionaries and their patterns; `dictionaries`, `patterns`: their tables
//! - `bars`: who may not come in; `meta`: what the server notes of itself
//! - `schema`: the tables, and how an older file is brought up to date; `damage`: a file that was found damaged
//! - `fault`: what SQLite's errors mean; `stamp`, `audience`, `json`: values as SQLite keeps them

mod append;
mod audience;
mod bars;
mod copies;
mod damage;
mod dictionaries;
mod fault;
mod filter;
mod json;
mod lists;
mod meta;
mod page;
mod patterns;
mod polls;
mod prune;
mod readers;
mod rooms;
mod schema;
mod stamp;
mod state;
mod writer;

#[cfg(test)]
mod tests;

use std::{
    fmt,
    path::Path,
    pin::Pin,
    sync::{Arc, Mutex},
};

use chatroom_wire::{MessageId, PollId, RoomId, UserId, poll::Poll, rest::MessagesQuery};
use jiff::Timestamp;
use rusqlite::Connection;

use super::{
    Appended, Bar, Change, History, NewMessage, NewRoom, Overdue, Position, RoomRecord, Store, StoreError, StoreFuture,
    StoredMessage,
};
use crate::retention::ClockRecord;
use damage::Damage;
use readers::Readers;
use writer::{GROUP_MAX, Load, Writer};

pub use meta::Found;

/// Answers before when messages have expired; none if none have.
type Horizon = Box<dyn Fn() -> Option<Timestamp> + Send + Sync>;

/// The store in SQLite.
///
/// Dropping it waits until everything that was asked of it is committed. Its futures need a tokio runtime.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use chatroom_server::store::{Appended, Audience, NewMessage, NewRoom, SqliteStore, Store};
/// use chatroom_wire::{Kind, RoomId, rest::MessagesQuery};
///
/// let store = SqliteStore::in_memory()?;
/// let room = RoomId::from("r1");
/// let now: jiff::Timestamp = "2024-07-29T15:51:28.071Z".parse()?;
/// store.create_room(NewRoom { id: room.clone(), custom_counters: Vec::new(), created_at: now }).await?;
/// let message = NewMessage {
///     id: "m1".into(),
///     user: "ada".into(),
///     kind: Kind::Text,
///     received_at: now,
///     json: r#"{"id":"m1"}"#.into(),
///     audience: Audience::Everyone,
///     changes: Vec::new(),
/// };
/// assert_eq!(store.append(&room, vec![message.clone()]).await?, [Appended::Stored { seq: 1 }]);
/// assert_eq!(store.append(&room, vec![message]).await?, [Appended::Duplicate]);
/// assert_eq!(store.messages(&room, &"ada".into(), MessagesQuery::default()).await?.len(), 1);
/// # Ok(()) }
/// ```
pub struct SqliteStore {
    // The order of the fields is that of dropping: the writer closes the file last.
    readers: Readers,
    writer: Writer,
    found: Found,
    horizon: Option<Horizon>,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("readers", &self.readers).finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the store in this file; makes it (mode 0600) where there is none. Blocks on the disk.
    ///
    /// # Errors
    /// When the file can't be opened, is no store or a damaged one, or was written by a later version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        Self::start(schema::open_writer(path)?, |_, damage| Readers::of_file(path, damage))
    }

    /// A store that ends with this value.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn in_memory() -> Result<Self, StoreError> {
        // Connections that share a memory can see what is not committed, so there is but one.
        Self::start(schema::open_memory()?, Readers::of_writer)
    }

    /// Hides what was received before the instant that `horizon` answers, whenever it is asked.
    #[must_use]
    pub fn hide_before(mut self, horizon: impl Fn() -> Option<Timestamp> + Send + Sync + 'static) -> Self {
        self.horizon = Some(Box::new(horizon));
        self
    }

    /// What the store knew when it was opened.
    pub fn found(&self) -> &Found {
        &self.found
    }

    /// Notes the public key of the tokens that belong to this store.
    ///
    /// # Errors
    /// Those of the storage.
    pub fn keep_token_key(&self, token_key: &[u8]) -> StoreFuture<'static, ()> {
        let token_key = token_key.to_vec();
        Box::pin(self.writer.write(1, move |connection| meta::keep_token_key(connection, &token_key)))
    }

    fn start(
        connection: Connection,
        readers: impl FnOnce(Arc<Mutex<Connection>>, Damage) -> Readers,
    ) -> Result<Self, StoreError> {
        let found = meta::read(&connection)?;
        let (connection, damage) = (Arc::new(Mutex::new(connection)), Damage::default());
        let readers = readers(Arc::clone(&connection), damage.clone());
        Ok(Self { readers, writer: Writer::start(connection, damage)?, found, horizon: None })
    }

    /// Before when messages have expired, as it is stored.
    fn horizon(&self) -> i64 {
        self.horizon.as_ref().and_then(|horizon| horizon()).map_or(i64::MIN, stamp::bound)
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.readers.close();
    }
}

impl Store for SqliteStore {
    fn create_room(&self, room: NewRoom) -> StoreFuture<'_, RoomRecord> {
        Box::pin(self.writer.write(1, move |connection| rooms::create(connection, room)))
    }

    fn room(&self, id: &RoomId) -> StoreFuture<'_, Option<RoomRecord>> {
        let id = id.clone();
        Box::pin(self.readers.read(move |connection| rooms::read(connection, &id)))
    }

    fn first_room(&self) -> StoreFuture<'_, Option<RoomRecord>> {
        Box::pin(self.readers.read(rooms::first))
    }

    fn position(&self, room: &RoomId) -> StoreFuture<'_, Position> {
        let room = room.clone();
        Box::pin(self.readers.read(move |connection| append::position(connection, &room)))
    }

    fn append(&self, room: &RoomId, messages: Vec<NewMessage>) -> StoreFuture<'_, Vec<Appended>> {
        let room = room.clone();
        let load =
            Load { weight: messages.len(), erases: messages.iter().any(|message| state::erases(&message.changes)) };
        Box::pin(self.writer.write(load, move |connection| append::append(connection, &room, &messages)))
    }

    fn messages(&self, room: &RoomId, reader: &UserId, query: MessagesQuery) -> StoreFuture<'_, Vec<StoredMessage>> {
        let (room, reader, horizon) = (room.clone(), reader.clone(), self.horizon());
        Box::pin(self.readers.read(move |connection| page::page(connection, &room, &reader, &query, horizon)))
    }

    fn message(&self, room: &RoomId, id: &MessageId) -> StoreFuture<'_, Option<StoredMessage>> {
        let (room, id, horizon) = (room.clone(), id.clone(), self.horizon());
        Box::pin(self.readers.read(move |connection| page::one(connection, &room, &id, horizon)))
    }

    fn author_of(&self, room: &RoomId, id: &MessageId) -> StoreFuture<'_, Option<UserId>> {
        let (room, id) = (room.clone(), id.clone());
        Box::pin(self.readers.read(move |connection| append::author(connection, &room, &id)))
    }

    fn change(&self, room: &RoomId, changes: Vec<Change>, at: Timestamp) -> StoreFuture<'_, ()> {
        let room = room.clone();
        let load = Load { weight: changes.len(), erases: state::erases(&changes) };
        Box::pin(self.writer.write(load, move |connection| state::change(connection, &room, &changes, at)))
    }

    fn polls(&self, room: &RoomId, before: Option<&PollId>, limit: u16) -> StoreFuture<'_, Vec<Poll>> {
        let (room, before) = (room.clone(), before.cloned());
        Box::pin(self.readers.read(move |connection| polls::page(connection, &room, before.as_ref(), limit)))
    }

    fn poll(&self, room: &RoomId, id: &PollId) -> StoreFuture<'_, Option<Poll>> {
        let (room, id) = (room.clone(), id.clone());
        Box::pin(self.readers.read(move |connection| polls::read(connection, &room, &id)))
    }

    fn name_of(&self, room: &RoomId, user: &UserId) -> StoreFuture<'_, Option<String>> {
        let (room, user) = (room.clone(), user.clone());
        Box::pin(self.readers.read(move |connection| rooms::name(connection, &room, &user)))
    }

    fn keep_clock(&self, record: ClockRecord) -> StoreFuture<'_, ()> {
        Box::pin(self.writer.write(1, move |connection| meta::keep_clock(connection, record)))
    }

    fn overdue(&self, keep: History, now: Timestamp, limit: u16) -> StoreFuture<'_, Vec<Overdue>> {
        Box::pin(self.readers.read(move |connection| prune::overdue(connection, keep, now, limit)))
    }

    fn prune(&self, room: &RoomId, keep: History, now: Timestamp) -> StoreFuture<'_, u64> {
        let room = room.clone();
        Box::pin(async move {
            let mut removed = 0;
            loop {
                // In portions, so that appends of other rooms get in between.
                let room = room.clone();
                let portion = self
                    .writer
                    .write(Load::erasing(GROUP_MAX), move |connection| {
                        prune::portion(connection, &room, keep, now, GROUP_MAX)
                    })
                    .await?;
                removed += portion.removed;
                if portion.is_last {
                    return Ok(removed);
                }
            }
        })
    }

    fn bar(&self, room: &RoomId, user: &UserId, at: Timestamp) -> StoreFuture<'_, bool> {
        let (room, user) = (room.clone(), user.clone());
        Box::pin(self.writer.write(1, move |connection| bars::bar(connection, &room, &user, at)))
    }

    fn unbar(&self, room: &RoomId, user: &UserId) -> StoreFuture<'_, bool> {
        let (room, user) = (room.clone(), user.clone());
        Box::pin(self.writer.write(1, move |connection| bars::unbar(connection, &room, &user)))
    }

    fn bars(&self) -> StoreFuture<'_, Vec<Bar>> {
        Box::pin(self.readers.read(bars::all))
    }

    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.readers.close();
        Box::pin(self.writer.close())
    }
}
