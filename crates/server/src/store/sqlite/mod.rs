//! The store in one SQLite file, or in memory.

use std::path::Path;

use chatroom_wire::{RoomId, rest::MessagesQuery};
use jiff::Timestamp;

use super::{
    Appended, History, NewMessage, NewRoom, Position, RoomRecord, Store, StoreError, StoreFuture, StoredMessage,
};

/// The store in SQLite.
#[derive(Debug)]
pub struct SqliteStore(());

impl SqliteStore {
    /// Opens the store in this file; makes it where there is none. Blocks on the disk.
    ///
    /// # Errors
    /// When the file can't be opened, is no store, or was written by a later version.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let _ = path;
        Ok(Self(()))
    }

    /// A store that ends with this value.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn in_memory() -> Result<Self, StoreError> {
        Ok(Self(()))
    }
}

impl Store for SqliteStore {
    fn create_room(&self, _room: NewRoom) -> StoreFuture<'_, RoomRecord> {
        unimplemented!()
    }
    fn room(&self, _id: &RoomId) -> StoreFuture<'_, Option<RoomRecord>> {
        unimplemented!()
    }
    fn first_room(&self) -> StoreFuture<'_, Option<RoomRecord>> {
        unimplemented!()
    }
    fn position(&self, _room: &RoomId) -> StoreFuture<'_, Position> {
        unimplemented!()
    }
    fn append(&self, _room: &RoomId, _messages: Vec<NewMessage>) -> StoreFuture<'_, Vec<Appended>> {
        unimplemented!()
    }
    fn messages(&self, _room: &RoomId, _query: MessagesQuery) -> StoreFuture<'_, Vec<StoredMessage>> {
        unimplemented!()
    }
    fn prune(&self, _room: &RoomId, _keep: History, _now: Timestamp) -> StoreFuture<'_, u64> {
        unimplemented!()
    }
}
