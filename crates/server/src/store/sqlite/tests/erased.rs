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
async fn a_text_that_somebody_still_reads_goes_when_the_read_is_done() {
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
    bed.must_lose(SECRET).await;
}

#[tokio::test]
async fn what_is_pruned_is_in_none_of_the_files_and_in_no_announcement() {
    let bed = FileBed::new();
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, vec![saying("1", 1, SECRET)]).await.unwrap();
    let quote = PinnedMessage { id: Some("1".into()), text: SECRET.to_owned(), ..PinnedMessage::default() };
    let pin = Payload::PinMessage(PinUnpin { message: quote, ..PinUnpin::default() });
    let json = envelope::encode(&Message::new(User::named("boss"), pin)).into();
    store.append(&room, vec![NewMessage { kind: Kind::PinMessage, json, ..text("2", 9) }]).await.unwrap();
    let keep = History { age: Some(std::time::Duration::from_secs(5)), count: None };
    assert_eq!(store.prune(&room, keep, at(10)).await.unwrap(), 1);
    bed.must_lose(SECRET).await;
    let page = store.messages(&room, &"ada".into(), MessagesQuery::default()).await.unwrap();
    let announced: Message = serde_json::from_slice(&page[0].json).unwrap();
    assert_eq!(announced.kind(), Kind::PinMessage, "the announcement itself stays");
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
        let sender = Some(User { id: Some("eve".into()), ..User::named("Eve") });
        let message =
            PinnedMessage { id: Some(of.into()), text: secret.to_owned(), sender, ..PinnedMessage::default() };
        let pin = PinUnpin { message, ..PinUnpin::default() };
        let payload = if kind == Kind::PinMessage { Payload::PinMessage(pin) } else { Payload::UnpinMessage(pin) };
        let json = envelope::encode(&Message::new(User::named("boss"), payload));
        NewMessage { kind, json: json.into(), ..text(id, stamp) }
    };
    // An id that is written otherwise in JSON.
    let id = r#"m"\1"#;
    let log = vec![
        saying(id, 1, secret),
        saying("another", 2, "what stays"),
        announcement("2", 3, Kind::PinMessage, id),
        announcement("3", 4, Kind::UnpinMessage, id),
        announcement("4", 5, Kind::PinMessage, "another"),
    ];
    store.append(&room, log).await.unwrap();
    change(&store, &room, [Change::Delete(id.into())]).await;
    let page = store.messages(&room, &"ada".into(), MessagesQuery::default()).await.unwrap();
    let texts = page.iter().filter(|stored| stored.seq > 2).map(|stored| {
        let message: Message = serde_json::from_slice(&stored.json).unwrap();
        match message.payload {
            Payload::PinMessage(pin) | Payload::UnpinMessage(pin) => {
                (pin.message.text, pin.message.sender.unwrap().custom_name)
            }
            other => panic!("{other:?} is no pin"),
        }
    });
    let quotes: Vec<_> = texts.collect();
    let quotes: Vec<_> = quotes.iter().map(|(text, name)| (text.as_str(), name.as_str())).collect();
    assert_eq!(quotes, [("", ""), ("", ""), (secret, "Eve")]);
}

fn saying(id: &str, stamp: u64, words: &str) -> NewMessage {
    NewMessage { json: words.to_owned().into(), ..text(id, stamp) }
}

impl FileBed {
    /// Waits until none of the files has this in it.
    async fn must_lose(&self, words: &str) {
        for _ in 0..500 {
            if !self.holds(words) {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        panic!("it is still there");
    }

    /// Whether any of the files has this in it.
    fn holds(&self, words: &str) -> bool {
        fs::read_dir(self.dir.path()).unwrap().any(|entry| {
            let bytes = fs::read(entry.unwrap().path()).unwrap();
            bytes.windows(words.len()).any(|window| window == words.as_bytes())
        })
    }
}
