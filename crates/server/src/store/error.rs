//! Why the store refused.

use std::{error::Error, sync::Arc};

use chatroom_wire::RoomId;

/// What the storage itself said. One fault can fail many requests, so it is shared.
pub type Cause = Arc<dyn Error + Send + Sync>;

/// Why a request to the store failed. Nothing that failed was stored.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The caller names a room that is not there.
    #[error("there is no room {0}")]
    NoSuchRoom(RoomId),
    /// The caller makes a room that is there already.
    #[error("there is a room {0} already")]
    RoomExists(RoomId),
    /// The caller's stamps do not grow: someone else writes to the room, or its clock was read twice.
    #[error("the message's received_at is not later than that of the one before it in room {0}")]
    OutOfOrder(RoomId),
    /// The caller's instant is before 1678 or after 2261.
    #[error("the time can't be stored: it is not between the years 1678 and 2261")]
    TimeOutOfRange,
    /// The storage can't take it now: the disk is full or slow, the file is locked, or the store is closing. The same request may do later.
    #[error("the store can't take this now: {0}")]
    Unavailable(#[source] Cause),
    /// The file can't be opened, read or written.
    #[error("the store's file can't be used: {0}")]
    Io(#[source] Cause),
    /// The file is no store, or is damaged.
    #[error("the store's file is damaged or not a store: {0}")]
    Corrupt(#[source] Cause),
    /// What a row holds can't be read; other rows are not concerned.
    #[error("a row of the store is damaged: {0}")]
    DamagedRow(#[source] Cause),
    /// The file was written by a later version of this program.
    #[error("the store was written by a later version of this program: its schema is {found}, this one knows {known}")]
    TooNew {
        /// The schema of the file.
        found: i64,
        /// The newest that this version knows.
        known: i64,
    },
    /// The storage failed in a way that is a mistake of this program.
    #[error("the store failed: {0}")]
    Internal(#[source] Cause),
}

impl StoreError {
    /// Whether the same request may do later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::NoSuchRoom(_)
            | Self::RoomExists(_)
            | Self::OutOfOrder(_)
            | Self::TimeOutOfRange
            | Self::Io(_)
            | Self::Corrupt(_)
            | Self::DamagedRow(_)
            | Self::TooNew { .. }
            | Self::Internal(_) => false,
        }
    }
}
