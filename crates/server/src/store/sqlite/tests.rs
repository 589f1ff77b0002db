use std::{fs, path::PathBuf};

use tempfile::TempDir;

use super::*;
use crate::store::contract::{Bed, at, make_room, stored, text};

store_contract!(in_memory, MemoryBed::new);
store_contract!(in_a_file, FileBed::new);
reopening_contract!(in_a_file_again, FileBed::new);

#[tokio::test]
async fn a_full_disk_refuses_stores_nothing_and_recovers() {
    let bed = FileBed::new();
    let room = make_room(&bed.open().await, "r").await;
    let connection = schema::open_writer(&bed.path()).unwrap();
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    let store = SqliteStore::start(connection, |_| Readers::of_file(&bed.path())).unwrap();

    let large = NewMessage { json: vec![b' '; 100_000].into(), ..text("large", 1) };
    let refused = store.append(&room, vec![text("small", 0), large.clone()]).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    assert!(refused.is_retryable());
    assert_eq!(store.position(&room).await.unwrap(), Position::default());
    assert_eq!(store.append(&room, vec![text("small", 1)]).await.unwrap(), [stored(1)], "what fits goes on");
    drop(store);
    let store = bed.open().await;
    assert_eq!(store.append(&room, vec![NewMessage { received_at: at(2), ..large }]).await.unwrap(), [stored(2)]);
}

#[tokio::test]
async fn a_locked_file_refuses_and_the_same_request_does_later() {
    let bed = FileBed::new();
    let connection = schema::open_writer(&bed.path()).unwrap();
    connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    let store = SqliteStore::start(connection, |_| Readers::of_file(&bed.path())).unwrap();
    let room = make_room(&store, "r").await;
    let other = schema::open_writer(&bed.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = store.append(&room, vec![text("a", 1)]).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    assert_eq!(
        store.messages(&room, &"ada".into(), MessagesQuery::default()).await.unwrap(),
        [],
        "who reads does not notice"
    );
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(store.append(&room, vec![text("a", 1)]).await.unwrap(), [stored(1)]);
}

#[tokio::test]
async fn a_refused_request_spoils_no_other_of_its_group() {
    let store = SqliteStore::in_memory().unwrap();
    let room = make_room(&store, "r").await;
    let held = Held::of(&store);
    // The writer is held, so these three wait together and are one group.
    let first = store.append(&room, vec![text("a", 1)]);
    let second = store.append(&"nowhere".into(), vec![text("b", 2)]);
    let third = store.append(&room, vec![text("c", 3)]);
    held.release();
    assert_eq!(third.await.unwrap(), [stored(2)]);
    assert!(matches!(second.await, Err(StoreError::NoSuchRoom(_))));
    assert_eq!(first.await.unwrap(), [stored(1)], "in the order of the calls, not of the awaits");
}

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

#[tokio::test]
async fn a_full_queue_refuses_the_next_and_loses_none_that_it_took() {
    let store = SqliteStore::in_memory().unwrap();
    let room = make_room(&store, "r").await;
    let held = Held::of(&store);
    let waiting = u64::try_from(writer::QUEUE_MAX).unwrap();
    let taken: Vec<_> = (1..=waiting).map(|n| store.append(&room, vec![text(&n.to_string(), n)])).collect();
    let refused = store.append(&room, vec![text("more", waiting + 1)]).await.unwrap_err();
    assert_eq!(refused.to_string(), "the store can't take this now: too many requests wait for the disk");
    assert!(refused.is_retryable());
    held.release();
    for (seq, answer) in (1..).zip(taken) {
        assert_eq!(answer.await.unwrap(), [stored(seq)]);
    }
    assert_eq!(store.append(&room, vec![text("more", waiting + 1)]).await.unwrap(), [stored(waiting + 1)]);
}

#[tokio::test]
async fn a_request_that_panics_closes_the_store_and_hangs_nobody() {
    let store = SqliteStore::in_memory().unwrap();
    let room = make_room(&store, "r").await;
    let broken = store.writer.write(1, |_| -> Result<(), StoreError> { panic!("a mistake") }).await;
    assert!(matches!(broken, Err(StoreError::Unavailable(_))));
    let refused = store.append(&room, vec![text("a", 1)]).await.unwrap_err();
    assert_eq!(refused.to_string(), "the store can't take this now: the store is closed");
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

/// A store whose writer waits, so that what is asked of it meanwhile waits too.
struct Held(std::sync::mpsc::Sender<()>);

impl Held {
    fn of(store: &SqliteStore) -> Self {
        let (entered, entering) = std::sync::mpsc::channel();
        let (leave, leaving) = std::sync::mpsc::channel();
        drop(store.writer.write(1_000, move |_| {
            entered.send(()).unwrap();
            leaving.recv().unwrap();
            Ok(())
        }));
        entering.recv().unwrap();
        Self(leave)
    }

    fn release(self) {
        self.0.send(()).unwrap();
    }
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
