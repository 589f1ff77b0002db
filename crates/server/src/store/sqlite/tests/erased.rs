//! What is deleted is gone from the disk.

use chatroom_wire::{
    Kind, Message, MessageId, Payload, User, envelope,
    payload::{PinUnpin, PinnedMessage},
};

use super::*;
use crate::store::contract::{change, pin, with};

const SECRET: &str = "what nobody was to hear";

#[tokio::test]
async fn a_deleted_text_is_in_none_of_the_files() {
    let bed = FileBed::new();
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    // One that fits into a page, and one that needs many.
    let long = SECRET.repeat(1_000);
    for (stamp, words) in (1..).zip([SECRET, &long]) {
        store.append(&room, vec![saying(&stamp.to_string(), stamp, words)]).await.unwrap();
    }
    store.append(&room, (3..200).map(|stamp| text(&stamp.to_string(), stamp)).collect()).await.unwrap();
    assert!(bed.holds(SECRET));
    let deletions = [Change::Delete("1".into()), Change::Delete("2".into())];
    store.append(&room, vec![with(text("200", 200), deletions)]).await.unwrap();
    assert!(!bed.holds(SECRET), "while the store is open");
    drop(store);
    assert!(!bed.holds(SECRET), "and after");
}

#[tokio::test]
async fn a_copy_of_a_text_that_was_pinned_goes_with_it() {
    let bed = FileBed::new();
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    let Change::Pin(mut pinned) = pin("1") else { panic!("a pin") };
    pinned.message.text = SECRET.to_owned();
    store.append(&room, vec![with(saying("1", 1, SECRET), [Change::Pin(pinned)])]).await.unwrap();
    drop(store);
    assert!(bed.holds(SECRET));
    let store = bed.open().await;
    change(&store, &room, [Change::Unpin("1".into()), Change::Delete("1".into())]).await;
    assert!(!bed.holds(SECRET));
}

#[tokio::test]
async fn a_text_that_somebody_still_reads_goes_with_the_next_commit() {
    let bed = FileBed::new();
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, vec![saying("1", 1, SECRET)]).await.unwrap();
    let reader = schema::open_reader(&bed.path()).unwrap();
    let count = || reader.query_row("SELECT length(json) FROM message", [], |row| row.get::<_, u32>(0)).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    assert!(count() > 0);
    change(&store, &room, [Change::Delete("1".into())]).await;
    assert_eq!(store.message(&room, &MessageId::from("1")).await.unwrap(), None, "who asks now is not told");
    assert!(count() > 0, "a reader has its one state to the end");
    assert!(bed.holds(SECRET));
    reader.execute_batch("COMMIT").unwrap();
    store.append(&room, vec![text("2", 2)]).await.unwrap();
    assert!(!bed.holds(SECRET));
}

#[tokio::test]
async fn a_text_that_was_in_the_log_when_the_process_was_killed_goes_at_the_next_start() {
    let bed = FileBed::new();
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, vec![saying("1", 1, SECRET)]).await.unwrap();
    let reader = schema::open_reader(&bed.path()).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM message").unwrap();
    change(&store, &room, [Change::Delete("1".into())]).await;
    let copy = bed.as_left_by_a_kill(None);
    assert!(copy.holds(SECRET), "somebody still read it");
    let reopened = copy.open().await;
    assert_eq!(reopened.message(&room, &MessageId::from("1")).await.unwrap(), None);
    assert!(!copy.holds(SECRET));
}

#[tokio::test]
async fn a_copy_of_a_text_in_an_announcement_of_a_pin_goes_with_it() {
    let bed = FileBed::new();
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    let secret = r#"a "secret" with \ and ß"#;
    let announcement = |id: &str, stamp: u64, kind: Kind, of: &str| {
        let message = PinnedMessage { id: Some(of.into()), text: secret.to_owned(), ..PinnedMessage::default() };
        let pin = PinUnpin { message, ..PinUnpin::default() };
        let payload = if kind == Kind::PinMessage { Payload::PinMessage(pin) } else { Payload::UnpinMessage(pin) };
        let json = envelope::encode(&Message::new(User::named("boss"), payload));
        NewMessage { kind, json: json.into(), ..text(id, stamp) }
    };
    // An id that is written otherwise in JSON.
    let id = r#"m"\1"#;
    let log = vec![
        saying(id, 1, secret),
        announcement("2", 2, Kind::PinMessage, id),
        announcement("3", 3, Kind::UnpinMessage, id),
        announcement("4", 4, Kind::PinMessage, "another"),
    ];
    store.append(&room, log).await.unwrap();
    change(&store, &room, [Change::Delete(id.into())]).await;
    let page = store.messages(&room, &"ada".into(), MessagesQuery::default()).await.unwrap();
    let texts = page.iter().map(|stored| {
        let message: Message = serde_json::from_slice(&stored.json).unwrap();
        match message.payload {
            Payload::PinMessage(pin) | Payload::UnpinMessage(pin) => pin.message.text,
            other => panic!("{other:?} is no pin"),
        }
    });
    assert_eq!(texts.collect::<Vec<_>>(), ["", "", secret]);
}

fn saying(id: &str, stamp: u64, words: &str) -> NewMessage {
    NewMessage { json: words.to_owned().into(), ..text(id, stamp) }
}

impl FileBed {
    /// Whether any of the files has this in it.
    fn holds(&self, words: &str) -> bool {
        fs::read_dir(self.dir.path()).unwrap().any(|entry| {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            bytes.windows(words.len()).any(|window| window == words.as_bytes())
        })
    }
}
