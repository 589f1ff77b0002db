//! The tables, and how an older file is brought up to date.

use std::{fs::OpenOptions, path::Path, sync::Arc, time::Duration};

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::lists;
use crate::store::StoreError;

/// Each step brings a file of the version that is its place in the list to the next. A step that was released is never
/// changed.
const STEPS: [&str; 4] = [
    include_str!("schema.sql"),
    include_str!("schema_2.sql"),
    include_str!("schema_3.sql"),
    include_str!("schema_4.sql"),
];

/// Tells a store from other SQLite files.
const APPLICATION: i64 = 0x4368_6174;

/// How long a connection waits for another process that holds the file.
const BUSY: Duration = Duration::from_secs(2);

/// Statements a connection keeps ready; more than there are.
const STATEMENTS: usize = 96;

/// A file that is no store of this program.
#[derive(Debug, thiserror::Error)]
#[error("it is a database of another program")]
struct Foreign;

/// A file system on which readers would block the writer.
#[derive(Debug, thiserror::Error)]
#[error("its file system has no shared memory, so there can be no write-ahead log")]
struct NoLog;

/// The connection that writes. Makes the file, or brings it up to date.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    make_private(path).map_err(|error| StoreError::Io(Arc::new(error)))?;
    let mut connection = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_WRITE))?;
    settle(&connection)?;
    check(&connection)?;
    let journal: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if journal != "wal" {
        return Err(StoreError::Io(Arc::new(NoLog)));
    }
    // Every commit is on the disk before it is answered.
    connection.pragma_update(None, "synchronous", "FULL")?;
    bring_up_to_date(&mut connection)?;
    lists::abandon_all(&connection)?;
    // What was deleted just before the process was killed stands in the log still.
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(connection)
}

/// A connection that reads a file which [`open_writer`] has opened.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_ONLY))?;
    settle(&connection)?;
    Ok(connection)
}

/// The only connection to a memory of its own.
pub(super) fn open_memory() -> Result<Connection, StoreError> {
    let mut connection = Connection::open_in_memory()?;
    settle(&connection)?;
    bring_up_to_date(&mut connection)?;
    Ok(connection)
}

fn flags(access: OpenFlags) -> OpenFlags {
    // Without URI: a path is a path, whatever it begins with.
    access | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

fn settle(connection: &Connection) -> Result<(), StoreError> {
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    // What is deleted is overwritten.
    connection.pragma_update(None, "secure_delete", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    Ok(())
}

/// Looks before anything is written that the file is ours, and not from the future.
fn check(connection: &Connection) -> Result<(), StoreError> {
    let application: i64 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION && (application != 0 || tables != 0) {
        return Err(StoreError::Corrupt(Arc::new(Foreign)));
    }
    let (found, known) = (version(connection)?, known());
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    Ok(())
}

fn bring_up_to_date(connection: &mut Connection) -> Result<(), StoreError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let done = usize::try_from(version(&transaction)?).unwrap_or(0);
    if done < STEPS.len() {
        for step in &STEPS[done..] {
            transaction.execute_batch(step)?;
        }
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", known())?;
    }
    transaction.commit()?;
    Ok(())
}

fn version(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}

fn known() -> i64 {
    i64::try_from(STEPS.len()).expect("a handful")
}

/// Makes the file before SQLite does, for its owner only; SQLite gives its other files the same mode.
fn make_private(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}
