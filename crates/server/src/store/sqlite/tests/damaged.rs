//! Rows and pages that a disk has damaged.

use std::io::{Seek as _, SeekFrom, Write as _};

use super::*;
use crate::store::contract::numbers;

#[tokio::test]
async fn a_damaged_row_is_left_out_and_others_come_in_its_place() {
    let bed = FileBed::new();
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, (1..=9).map(|stamp| text(&stamp.to_string(), stamp)).collect()).await.unwrap();
    let connection = Connection::open(bed.path()).unwrap();
    for (seq, damage) in [(9, "x'7b22'"), (7, "x'ff'"), (6, "CAST('[1]' AS BLOB)"), (5, "x''")] {
        connection.execute(&format!("UPDATE message SET json = {damage} WHERE seq = {seq}"), []).unwrap();
    }
    for (from_oldest, wanted) in [(false, [3, 4, 8]), (true, [1, 2, 3])] {
        let query = MessagesQuery { limit: Some(3), from_oldest, ..MessagesQuery::default() };
        assert_eq!(numbers(&store.messages(&room, &"ada".into(), query).await.unwrap()), wanted);
    }
    let refused = store.message(&room, &"7".into()).await.unwrap_err();
    assert!(matches!(refused, StoreError::DamagedRow(_)), "{refused}");
    assert_eq!(store.append(&room, vec![text("10", 10)]).await.unwrap(), [stored(10)], "the room goes on");
}

#[tokio::test]
async fn nothing_is_written_to_a_file_that_was_found_damaged() {
    let bed = FileBed::new();
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    for stamp in 1..=300 {
        let json = format!("{{\"id\":\"{stamp}\",\"text\":\"{}\"}}", "x".repeat(2_000));
        store.append(&room, vec![NewMessage { json: json.into(), ..text(&stamp.to_string(), stamp) }]).await.unwrap();
    }
    drop(store);
    let mut file = fs::OpenOptions::new().write(true).open(bed.path()).unwrap();
    let length = file.metadata().unwrap().len();
    file.seek(SeekFrom::Start(length / 2 / 4096 * 4096)).unwrap();
    file.write_all(&vec![0x55; 40 * 4096]).unwrap();
    drop(file);

    let store = bed.open().await;
    let everything = async || -> Result<(), StoreError> {
        for stamp in (0..300).step_by(50) {
            let after_at = Some(chatroom_wire::Time::nanoseconds(at(stamp)));
            let query = MessagesQuery { after_at, from_oldest: true, ..MessagesQuery::default() };
            store.messages(&room, &"ada".into(), query).await?;
        }
        Ok(())
    };
    let refused = everything().await.unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt(_)), "{refused}");
    let refused = store.append(&room, vec![text("301", 301)]).await.unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt(_)), "{refused}");
    assert_eq!(store.position(&room).await.unwrap().seq, 300, "what can be read is read");
}
