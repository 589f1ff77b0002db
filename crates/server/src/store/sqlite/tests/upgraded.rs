//! Files of earlier versions.

use std::fmt::Write as _;

use chatroom_wire::{Kind, poll::PollStatus};
use serde_json::json;

use super::*;
use crate::store::contract::{change, count, hidden, numbers, poll, read, vote};

/// As version 1 wrote it.
const VERSION_1: &str = include_str!("version_1.sql");

#[tokio::test]
async fn a_store_of_version_1_keeps_all_that_it_has() {
    let bed = FileBed::with(VERSION_1);
    let store = bed.open().await;
    let (talk, quiet) = (RoomId::from("talk"), RoomId::from("quiet"));
    let record = store.first_room().await.unwrap().unwrap();
    assert_eq!((record.id.clone(), record.muted), (talk.clone(), true));
    assert_eq!((record.created_at, record.updated_at), (at(0), at(4)));
    let counters = record.custom_counters.iter();
    let counters: Vec<_> = counters.map(|counter| (counter.key.as_str(), counter.value, counter.version)).collect();
    assert_eq!(counters, [("likes", 42, 9), ("claps", 0, 0)]);
    assert_eq!(read(&store, &quiet).await.created_at, at(20));
    assert_eq!(store.position(&talk).await.unwrap(), Position { seq: 7, received_at: Some(at(7)) });
    assert_eq!(store.position(&quiet).await.unwrap(), Position::default());

    let page = store.messages(&talk, &"ada".into(), MessagesQuery::default()).await.unwrap();
    assert_eq!(numbers(&page), [4, 5, 6, 7]);
    let last: serde_json::Value = serde_json::from_slice(&page[3].json).unwrap();
    assert_eq!(last["text_message"]["text"], "it's fine");
    let texts = MessagesQuery { types: vec![Kind::Text], ..MessagesQuery::default() };
    assert_eq!(numbers(&store.messages(&talk, &"ada".into(), texts).await.unwrap()), [4, 7]);
    assert_eq!(store.append(&talk, vec![text("m4", 9)]).await.unwrap(), [Appended::Duplicate]);
}

#[tokio::test]
async fn a_store_of_version_1_takes_all_that_this_one_can() {
    let bed = FileBed::with(VERSION_1);
    let store = bed.open().await;
    let room = RoomId::from("talk");
    assert_eq!(store.append(&room, vec![hidden("m8", 8), text("m9", 9)]).await.unwrap(), [stored(8), stored(9)]);
    let poll = poll("p", PollStatus::Active);
    let changes = [Change::Delete("m5".into()), count("likes", 1), Change::Poll(poll), vote("ada", "p", &["b"])];
    change(&store, &room, changes).await;
    let record = read(&store, &room).await;
    drop(store);
    let store = bed.open().await;
    assert_eq!(read(&store, &room).await, record);
    assert_eq!((record.custom_counters[0].value, record.active_poll.unwrap().votes_count), (43, 1));
    let page = store.messages(&room, &"ada".into(), MessagesQuery::default()).await.unwrap();
    assert_eq!(numbers(&page), [4, 6, 7, 9]);
    let keep = History { age: Some(std::time::Duration::from_secs(2)), count: None };
    assert_eq!(store.prune(&room, keep, at(9)).await.unwrap(), 3);
    drop(store);

    let connection = Connection::open(bed.path()).unwrap();
    let sound: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
}

#[tokio::test]
async fn a_store_of_version_2_loses_the_names_that_deleted_messages_left_in_pins() {
    let steps = [include_str!("../schema.sql"), include_str!("../schema_2.sql")].concat();
    let announcement = |id: &str| {
        json!({"id": format!("pin-{id}"), "type": "INTERACTION_TYPE_PIN_MESSAGE", "user": {"custom_name": "Boss"},
               "pin_unpin_message": {"message": {"id": id, "text": "", "sender": {"id": "v", "custom_name": "Vera"}}}})
    };
    let rows = [
        ("gone", "TEXT", 2, String::new()),
        ("here", "TEXT", 0, "{}".to_owned()),
        ("pin-gone", "PIN_MESSAGE", 0, announcement("gone").to_string()),
        ("pin-here", "PIN_MESSAGE", 0, announcement("here").to_string()),
        ("damaged", "PIN_MESSAGE", 0, "{".to_owned()),
    ];
    let mut sql = format!("{steps} INSERT INTO room (id, created_at, updated_at) VALUES ('r', 0, 0);");
    for (place, (id, kind, audience, json)) in (1..).zip(rows) {
        let _ = write!(
            sql,
            "INSERT INTO message (room, seq, id, user, kind, received_at, audience, json)
            VALUES (1, {place}, '{id}', 'v', 'INTERACTION_TYPE_{kind}', {place}, {audience}, CAST('{json}' AS BLOB));"
        );
    }
    let bed = FileBed::with(&format!("{sql} PRAGMA application_id = 1130914164; PRAGMA user_version = 2;"));
    let store = bed.open().await;
    let page = store.messages(&"r".into(), &"ada".into(), MessagesQuery::default()).await.unwrap();
    let texts: Vec<String> = page.iter().map(|stored| String::from_utf8(stored.json.to_vec()).unwrap()).collect();
    assert_eq!(numbers(&page), [2, 3, 4], "what is damaged is left alone, and left out");
    assert_eq!((texts[1].contains("Vera"), texts[2].contains("Vera")), (false, true));
    assert!(texts[1].contains("Boss"), "who pinned it is no secret");
    let last = store.found().clock.unwrap();
    assert_eq!(
        (last.trusted, last.seen),
        (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH),
        "when it was written to last"
    );
    store.bar(&"r".into(), &"eve".into(), at(1)).await.unwrap();
}

impl FileBed {
    fn with(sql: &str) -> Self {
        let bed = Self::new();
        Connection::open(bed.path()).unwrap().execute_batch(sql).unwrap();
        bed
    }
}
