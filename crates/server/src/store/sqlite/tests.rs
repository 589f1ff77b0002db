mod closed;
mod damaged;
mod erased;
mod expired;
mod killed;
mod refused;
mod storm;
mod upgraded;

use std::{fs, path::PathBuf};

use tempfile::TempDir;

use super::*;
use crate::store::contract::{Bed, at, make_room, stored, text};

store_contract!(in_memory, MemoryBed::new);
store_contract!(in_a_file, FileBed::new);
reopening_contract!(in_a_file_again, FileBed::new);

#[tokio::test]
async fn what_was_asked_is_committed_before_the_store_is_gone() {
    let bed = FileBed::new();
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    for n in 1..=100 {
        drop(store.append(&room, vec![text(&n.to_string(), n)]));
    }
    drop(store);
    assert_eq!(bed.open().await.position(&room).await.unwrap().seq, 100);
}

#[test]
fn a_file_that_is_no_store_is_told_and_left_alone() {
    let bed = FileBed::new();
    let garbage = "This is a letter to my aunt. ".repeat(100);
    fs::write(bed.path(), &garbage).unwrap();
    let refused = SqliteStore::open(bed.path()).unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt(_)), "{refused}");
    assert_eq!(fs::read_to_string(bed.path()).unwrap(), garbage);
}

#[test]
fn a_database_of_another_program_is_told_and_left_alone() {
    let bed = FileBed::new();
    Connection::open(bed.path()).unwrap().execute_batch("CREATE TABLE recipe (name)").unwrap();
    let before = fs::read(bed.path()).unwrap();
    let refused = SqliteStore::open(bed.path()).unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt(_)), "{refused}");
    assert_eq!(fs::read(bed.path()).unwrap(), before);
}

#[test]
fn a_store_of_a_later_version_is_told() {
    let bed = FileBed::new();
    drop(SqliteStore::open(bed.path()).unwrap());
    Connection::open(bed.path()).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let refused = SqliteStore::open(bed.path()).unwrap_err();
    assert!(matches!(refused, StoreError::TooNew { found: 99, .. }), "{refused}");
}

#[test]
fn a_directory_that_is_not_there_is_told() {
    let bed = FileBed::new();
    let refused = SqliteStore::open(bed.path().join("no").join("such")).unwrap_err();
    assert!(matches!(refused, StoreError::Io(_)), "{refused}");
}

#[test]
fn a_path_is_no_uri() {
    let bed = FileBed::new();
    let path = bed.dir.path().join("file:x?mode=memory");
    drop(SqliteStore::open(&path).unwrap());
    assert!(path.is_file());
}

#[tokio::test]
async fn every_commit_is_synced() {
    let bed = FileBed::new();
    let connection = schema::open_writer(&bed.path()).unwrap();
    let full: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
    let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    let keys: i64 = connection.pragma_query_value(None, "foreign_keys", |row| row.get(0)).unwrap();
    assert_eq!((full, journal.as_str(), keys), (2, "wal", 1));
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let bed = FileBed::new();
    let store = bed.open().await;
    make_room(&store, "r").await;
    let mut files = 0;
    for entry in fs::read_dir(bed.dir.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{:?}", entry.path());
        files += 1;
    }
    assert_eq!(files, 3, "the store, its log and its index of the log");
}

struct MemoryBed;

impl MemoryBed {
    fn new() -> Self {
        Self
    }
}

impl Bed for MemoryBed {
    type Store = SqliteStore;

    async fn open(&self) -> SqliteStore {
        SqliteStore::in_memory().unwrap()
    }
}

struct FileBed {
    dir: TempDir,
}

impl FileBed {
    fn new() -> Self {
        Self { dir: TempDir::new().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("chatroom.db")
    }
}

impl Bed for FileBed {
    type Store = SqliteStore;

    async fn open(&self) -> SqliteStore {
        SqliteStore::open(self.path()).unwrap()
    }
}
