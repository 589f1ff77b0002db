//! What is there when a store is opened again.

use chatroom_wire::{PatternId, dictionary::Pattern, poll::PollStatus};
use serde_json::Map;

use super::*;
use crate::store::ViewerInfoRecord;

pub(crate) async fn all_is_there_after_reopening(bed: &impl Bed) {
    let store = bed.open().await;
    let new = NewRoom { id: "r".into(), custom_counters: vec!["likes".into()], created_at: at(0) };
    let made = store.create_room(new).await.unwrap();
    store.append(&made.id, vec![text("a", 1), text("b", 2)]).await.unwrap();
    let log = all(&store, &made.id).await;
    drop(store);
    let store = bed.open().await;
    assert_eq!(store.first_room().await.unwrap(), Some(made.clone()));
    assert_eq!(all(&store, &made.id).await, log);
    assert_eq!(store.position(&made.id).await.unwrap(), Position { seq: 2, received_at: Some(at(2)) });
}

pub(crate) async fn a_log_goes_on_in_sequence_after_reopening(bed: &impl Bed) {
    let room = make_room(&bed.open().await, "r").await;
    for n in 1..=3 {
        let store = bed.open().await;
        assert_eq!(store.append(&room, vec![text(&n.to_string(), n)]).await.unwrap(), [stored(n)]);
    }
}

pub(crate) async fn a_message_sent_again_after_reopening_is_a_duplicate(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, vec![text("a", 1)]).await.unwrap();
    drop(store);
    assert_eq!(bed.open().await.append(&room, vec![text("a", 2)]).await.unwrap(), [Appended::Duplicate]);
}

pub(crate) async fn the_state_of_a_room_is_there_after_reopening(bed: &impl Bed) {
    let store = bed.open().await;
    let room = room_with_counter(&store).await;
    make_dictionary(&store, "d").await;
    let info = ViewerInfoRecord { enabled: true, count: 4, version: 9, updated_at: Some(at(2)) };
    let changes = vec![
        Change::Muted(true),
        block("eve", "Eve"),
        pin("m"),
        Change::ViewerInfo(info),
        Change::Count { key: "likes".to_owned(), by: 2 },
        Change::Dictionary("d".into(), true),
        Change::StickerPack("p".into(), true),
        Change::Rename { user: "ada".into(), name: "Countess".to_owned() },
        Change::Poll(poll("p1", PollStatus::Active)),
        Change::Vote { user: "ada".into(), poll: "p1".into(), options: vec!["a".into()] },
    ];
    store.append(&room, vec![with(text("a", 1), changes)]).await.unwrap();
    let before = read(&store, &room).await;
    assert_eq!(before.viewer_info, info);
    drop(store);
    let store = bed.open().await;
    assert_eq!(read(&store, &room).await, before);
    assert_eq!(before.active_poll.unwrap().votes_count, 1);
    assert_eq!(store.name_of(&room, &"ada".into()).await.unwrap().as_deref(), Some("Countess"));
}

pub(crate) async fn the_words_of_the_filter_are_there_after_reopening(bed: &impl Bed) {
    let store = bed.open().await;
    make_dictionary(&store, "d").await;
    let pattern = |id: &str| Pattern { id: PatternId::from(id), text: format!("word {id}"), extra: Map::new() };
    store.add_patterns(&"d".into(), vec![pattern("b"), pattern("a")], at(3)).await.unwrap();
    let before = store.dictionary(&"d".into()).await.unwrap().unwrap();
    drop(store);
    let store = bed.open().await;
    assert_eq!(store.dictionaries(None, 9).await.unwrap(), [before]);
    assert_eq!(store.patterns(&"d".into(), None, 9).await.unwrap().unwrap(), [pattern("b"), pattern("a")]);
}
