//! What SQLite's errors mean to the one who asked.

use std::sync::Arc;

use rusqlite::{Error, ErrorCode};

use crate::store::StoreError;

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let code = error.sqlite_error_code();
        let unreadable = matches!(
            error,
            Error::FromSqlConversionFailure(..)
                | Error::IntegralValueOutOfRange(..)
                | Error::InvalidColumnType(..)
                | Error::Utf8Error(..)
        );
        let cause = Arc::new(error);
        if unreadable {
            return Self::DamagedRow(cause);
        }
        match code {
            Some(
                ErrorCode::DatabaseBusy
                | ErrorCode::DatabaseLocked
                | ErrorCode::DiskFull
                | ErrorCode::OutOfMemory
                | ErrorCode::OperationInterrupted
                | ErrorCode::FileLockingProtocolFailed,
            ) => Self::Unavailable(cause),
            Some(
                ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::PermissionDenied
                | ErrorCode::ReadOnly
                | ErrorCode::NoLargeFileSupport,
            ) => Self::Io(cause),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(cause),
            _ => Self::Internal(cause),
        }
    }
}

/// There is no thread any more to ask.
#[derive(Debug, thiserror::Error)]
#[error("the store is closed")]
pub(super) struct Closed;

impl From<Closed> for StoreError {
    fn from(closed: Closed) -> Self {
        Self::Unavailable(Arc::new(closed))
    }
}

/// The disk is slower than what is asked of it.
#[derive(Debug, thiserror::Error)]
#[error("too many requests wait for the disk")]
pub(super) struct Full;

impl From<Full> for StoreError {
    fn from(full: Full) -> Self {
        Self::Unavailable(Arc::new(full))
    }
}

/// Whether the request alone is to blame, so that others of its group can go on.
pub(super) fn is_refusal(error: &StoreError) -> bool {
    match error {
        StoreError::NoSuchRoom(_)
        | StoreError::RoomExists(_)
        | StoreError::OutOfOrder(_)
        | StoreError::DamagedRow(_)
        | StoreError::TimeOutOfRange => true,
        StoreError::Unavailable(_)
        | StoreError::Io(_)
        | StoreError::Corrupt(_)
        | StoreError::TooNew { .. }
        | StoreError::Internal(_) => false,
    }
}
