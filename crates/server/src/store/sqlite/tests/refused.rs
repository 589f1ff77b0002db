//! What the store refuses, and that nothing else suffers from it.

use chatroom_wire::{DictionaryId, PatternId, dictionary::Pattern};
use serde_json::Map;

use super::*;
use crate::store::{
    DictionaryStore as _,
    contract::{clock_record, make_dictionary},
};

#[tokio::test]
async fn a_full_disk_refuses_stores_nothing_and_recovers() {
    let bed = FileBed::new();
    let room = make_room(&bed.open().await, "r").await;
    let connection = schema::open_writer(&bed.path()).unwrap();
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    let store = SqliteStore::start(connection, |_, damage| Readers::of_file(&bed.path(), damage)).unwrap();

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
    let store = SqliteStore::start(connection, |_, damage| Readers::of_file(&bed.path(), damage)).unwrap();
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
    store.keep_clock(clock_record(1)).await.unwrap();
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

#[tokio::test]
async fn patterns_are_added_or_replaced_all_or_none() {
    let bed = FileBed::new();
    let store = bed.open().await;
    let id = DictionaryId::from("d");
    make_dictionary(&store, id.as_str()).await;
    let patterns = |count: usize, letter: &str| -> Vec<Pattern> {
        let pattern = |number: usize| Pattern {
            id: PatternId::from(format!("{letter}{number}")),
            text: format!("{letter} {number}"),
            extra: Map::new(),
        };
        (0..count).map(pattern).collect()
    };
    store.add_patterns(&id, patterns(3, "a"), at(1)).await.unwrap();
    let before = (store.dictionary(&id).await.unwrap(), store.patterns(&id, None, 9).await.unwrap());
    drop(store);

    let connection = schema::open_writer(&bed.path()).unwrap();
    let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    connection.pragma_update_and_check(None, "max_page_count", pages + 5, |_| Ok(())).unwrap();
    let store = SqliteStore::start(connection, |_, damage| Readers::of_file(&bed.path(), damage)).unwrap();
    let refused = store.add_patterns(&id, patterns(10_000, "b"), at(2)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    assert!(store.replace_patterns(&id, patterns(10_000, "b"), at(2)).await.is_err());
    assert_eq!((store.dictionary(&id).await.unwrap(), store.patterns(&id, None, 9).await.unwrap()), before);
    assert_eq!(store.replace_patterns(&id, patterns(2, "b"), at(2)).await.unwrap(), Some(2), "what fits goes on");
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
