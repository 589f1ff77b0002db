//! Messages on disk, from one session to the next.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use chatroom_client::{
    BuildError, Builder, Delivery, Event, EventStream, Limits, Outbox, Room, SendError, memory::MemoryRoom,
};
use chatroom_testkit::within;
use tempfile::TempDir;

use crate::{joined, message, next};

fn place() -> (TempDir, PathBuf) {
    let dir = tempfile::tempdir().expect("a temporary folder can be made");
    let path = dir.path().join("ada.journal");
    (dir, path)
}

fn open(path: &Path) -> Outbox {
    Outbox::open(path).expect("no other session has it")
}

/// A session that never gets into the room: nothing listens there.
fn offline(memory: &MemoryRoom, path: &Path) -> (Room, EventStream) {
    let builder = Builder::with_token(memory.token("ada")).api("http://127.0.0.1:9");
    builder.outbox(open(path)).build().expect("the options can be used")
}

fn texts(memory: &MemoryRoom) -> Vec<String> {
    memory.messages().iter().map(|message| message.text().unwrap_or("no text").to_owned()).collect()
}

async fn last_word(events: &mut EventStream) -> Delivery {
    loop {
        if let Event::DeliveryChanged { delivery, .. } = next(events).await
            && delivery.is_final()
        {
            return delivery;
        }
    }
}

#[tokio::test]
async fn what_one_session_could_not_send_the_next_one_sends_first() {
    let (_dir, path) = place();
    let memory = MemoryRoom::new();
    let (room, mut events) = offline(&memory, &path);
    let one = room.submit("one").await.unwrap();
    let two = room.send("two").await.unwrap();
    within("the end", room.leave()).await;
    assert_eq!(one.await, Delivery::Kept);
    assert_eq!(last_word(&mut events).await, Delivery::Kept);

    let outbox = open(&path);
    assert_eq!(outbox.left().len(), 2);
    let (room, mut events) = memory.join("ada").outbox(outbox).build().unwrap();
    assert_eq!(message(&mut events).await.text(), Some("one"), "it is told before the room is joined");
    assert_eq!(message(&mut events).await.id, Some(two));
    room.deliver("three").await.unwrap();
    assert_eq!(texts(&memory), ["one", "two", "three"]);
    within("the end", room.leave()).await;
    assert!(open(&path).left().is_empty());
}

#[tokio::test]
async fn a_message_is_on_disk_as_soon_as_it_is_taken() {
    let (_dir, path) = place();
    let (room, _events) = offline(&MemoryRoom::new(), &path);
    for number in 1..=20 {
        let id = room.send(number.to_string()).await.unwrap();
        // The file is as a program would find it that starts after this one was killed.
        let kept = Outbox::peek(&path).unwrap();
        assert_eq!((kept.len(), &kept[number - 1].message.id), (number, &Some(id)));
    }
}

#[tokio::test]
async fn many_messages_may_be_handed_over_at_once_and_keep_their_order() {
    let (_dir, path) = place();
    let memory = MemoryRoom::new();
    let (room, _events) = memory.join("ada").outbox(open(&path)).build().unwrap();
    let numbers: Vec<String> = (0..300).map(|number| number.to_string()).collect();
    let mut offers = Vec::new();
    for number in &numbers {
        offers.push(room.offer(number.as_str()).await.unwrap());
    }
    for offer in offers {
        assert!(matches!(within("a delivery", offer.taken().await.unwrap()).await, Delivery::Delivered { .. }));
    }
    assert_eq!(texts(&memory), numbers);
    within("the end", room.leave()).await;
    assert!(open(&path).left().is_empty());
}

#[tokio::test]
async fn what_had_arrived_when_its_program_was_killed_is_found_and_not_said_twice() {
    let (dir, path) = place();
    let copy = dir.path().join("copy.journal");
    let memory = MemoryRoom::new();
    let (room, _events) = offline(&memory, &path);
    room.send("hello").await.unwrap();
    within("the end", room.leave()).await;
    // As a kill leaves it between the sending and the note of its end.
    fs::copy(&path, &copy).unwrap();
    for file in [path, copy] {
        let (room, mut events) = memory.join("ada").outbox(open(&file)).build().unwrap();
        assert!(matches!(last_word(&mut events).await, Delivery::Delivered { .. }));
        assert_eq!(texts(&memory), ["hello"]);
        within("the end", room.leave()).await;
        assert!(open(&file).left().is_empty());
    }
}

#[tokio::test]
async fn a_message_that_waited_too_long_between_two_sessions_is_told_and_not_sent() {
    let (_dir, path) = place();
    let memory = MemoryRoom::new();
    let (room, _events) = offline(&memory, &path);
    room.send("stale").await.unwrap();
    within("the end", room.leave()).await;

    let mut limits = Limits::default();
    limits.time_to_live = Duration::ZERO;
    limits.settle = Duration::ZERO;
    let (room, mut events) = memory.join("ada").limits(limits).outbox(open(&path)).build().unwrap();
    assert_eq!(message(&mut events).await.text(), Some("stale"));
    assert_eq!(last_word(&mut events).await, Delivery::Expired);
    assert!(memory.messages().is_empty());
    within("the end", room.leave()).await;
    assert!(open(&path).left().is_empty());
}

#[tokio::test]
async fn an_interruption_does_not_part_a_message_from_its_outbox() {
    let (_dir, path) = place();
    let memory = MemoryRoom::new();
    let (room, mut events) = memory.join("ada").outbox(open(&path)).build().unwrap();
    joined(&mut events).await;
    memory.interrupt();
    let pending = room.submit("later").await.unwrap();
    assert_eq!(Outbox::peek(&path).unwrap().len(), 1);
    room.retry();
    assert!(matches!(within("the delivery", pending).await, Delivery::Delivered { .. }));
    within("the end", room.leave()).await;
    assert!(Outbox::peek(&path).unwrap().is_empty());
}

#[tokio::test]
async fn whoever_leaves_while_messages_are_written_hears_of_each_whether_it_stays() {
    let (_dir, path) = place();
    let (room, _events) = offline(&MemoryRoom::new(), &path);
    let mut offers = Vec::new();
    for number in 0..50 {
        offers.push(room.offer(number.to_string()).await.unwrap());
    }
    let leaver = tokio::spawn(async move { room.leave().await });
    let mut stay = Vec::new();
    for (number, offer) in offers.into_iter().enumerate() {
        match within("the answer", offer.taken()).await {
            Ok(pending) => {
                assert_eq!(within("the last word", pending).await, Delivery::Kept);
                stay.push(number.to_string());
            }
            Err(SendError::NotKept(_) | SendError::Ended) => {
                let kept = Outbox::peek(&path).unwrap();
                assert!(kept.iter().all(|kept| kept.message.text() != Some(&number.to_string())), "{number} came back");
            }
            Err(error) => panic!("{error}"),
        }
    }
    within("the end", leaver).await.unwrap();
    let left: Vec<_> = open(&path).left().iter().filter_map(|kept| kept.message.text().map(str::to_owned)).collect();
    assert_eq!(left, stay);
}

#[tokio::test]
async fn an_outbox_serves_one_session() {
    let (_dir, path) = place();
    let memory = MemoryRoom::new();
    let builder = memory.join("ada").outbox(open(&path));
    let (room, _events) = builder.clone().build().unwrap();
    assert!(matches!(builder.build(), Err(BuildError::OutboxInUse)));
    within("the end", room.leave()).await;
    assert_eq!(room.send("?").await, Err(SendError::Ended));
    open(&path);
}

#[tokio::test]
async fn what_is_on_disk_says_when_it_was_written() {
    let (_dir, path) = place();
    let (room, _events) = offline(&MemoryRoom::new(), &path);
    room.send("now").await.unwrap();
    let kept = &Outbox::peek(&path).unwrap()[0];
    assert_eq!((Some(kept.written_at), kept.message.text()), (kept.message.sent_at, Some("now")));
}
