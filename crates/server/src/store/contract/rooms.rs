//! Rooms, made and read.

use chatroom_wire::{Chatroom, RoomId};

use super::*;

pub(crate) async fn a_room_reads_back_as_it_was_made(bed: &impl Bed) {
    let store = bed.open().await;
    let made = store
        .create_room(NewRoom {
            id: "r".into(),
            custom_counters: vec!["likes".into(), "claps".into(), "likes".into()],
            created_at: at(7),
        })
        .await
        .unwrap();
    assert_eq!(made.id, room("r"));
    assert!(!made.muted);
    assert_eq!((made.created_at, made.updated_at), (at(7), at(7)));
    let keys: Vec<&str> = made.custom_counters.iter().map(|counter| counter.key.as_str()).collect();
    assert_eq!(keys, ["likes", "claps"]);
    assert_eq!(store.room(&room("r")).await.unwrap(), Some(made));
}

pub(crate) async fn a_room_is_shown_with_all_that_clients_insist_on(bed: &impl Bed) {
    let store = bed.open().await;
    let new = NewRoom { id: "r".into(), custom_counters: vec!["likes".into()], created_at: at(7) };
    let shown = Chatroom::from(store.create_room(new).await.unwrap());
    assert_eq!(shown.status, "CHAT_STATUS_ACTIVE");
    assert!(shown.viewer_info.is_some());
    assert_eq!(shown.created_at, Some(Time::nanoseconds(at(7))));
    assert_eq!(shown.updated_at, Some(Time::nanoseconds(at(7))));
    assert_eq!((shown.custom_counters[0].key.as_str(), shown.custom_counters[0].value), ("likes", 0));
}

pub(crate) async fn a_room_is_made_only_once(bed: &impl Bed) {
    let store = bed.open().await;
    make_room(&store, "r").await;
    let again = NewRoom { id: "r".into(), custom_counters: vec!["x".into()], created_at: at(9) };
    let refused = store.create_room(again).await.unwrap_err();
    assert!(matches!(&refused, StoreError::RoomExists(id) if *id == room("r")), "{refused}");
    assert_eq!(store.room(&room("r")).await.unwrap().unwrap().custom_counters, []);
}

pub(crate) async fn the_first_room_is_the_oldest(bed: &impl Bed) {
    let store = bed.open().await;
    assert_eq!(store.first_room().await.unwrap(), None);
    for (id, created) in [("b", 20), ("a", 10), ("c", 30)] {
        let new = NewRoom { id: id.into(), custom_counters: Vec::new(), created_at: at(created) };
        store.create_room(new).await.unwrap();
    }
    assert_eq!(store.first_room().await.unwrap().unwrap().id, room("a"));
}

pub(crate) async fn a_room_that_is_not_there_is_told(bed: &impl Bed) {
    let store = bed.open().await;
    let (id, now) = (room("nowhere"), at(1));
    assert_eq!(store.room(&id).await.unwrap(), None);
    let refusals = [
        store.position(&id).await.unwrap_err(),
        store.append(&id, vec![text("m", 1)]).await.unwrap_err(),
        store.messages(&id, &"ada".into(), MessagesQuery::default()).await.unwrap_err(),
        store.prune(&id, History::default(), now).await.unwrap_err(),
    ];
    for refused in refusals {
        assert!(matches!(&refused, StoreError::NoSuchRoom(told) if *told == id), "{refused}");
        assert!(!refused.is_retryable());
    }
}

pub(crate) async fn who_is_barred_is_listed_until_that_is_taken_back(bed: &impl Bed) {
    let store = bed.open().await;
    let (room, other) = (make_room(&store, "r").await, make_room(&store, "other").await);
    assert!(store.bar(&room, &"eve".into(), at(1)).await.unwrap());
    assert!(!store.bar(&room, &"eve".into(), at(2)).await.unwrap(), "it is so already");
    assert!(store.bar(&other, &"mallory".into(), at(3)).await.unwrap());
    let bar = |room: &RoomId, user: &str, stamp| Bar { room: room.clone(), user: user.into(), at: at(stamp) };
    assert_eq!(store.bars().await.unwrap(), [bar(&room, "eve", 1), bar(&other, "mallory", 3)]);
    assert!(store.unbar(&room, &"eve".into()).await.unwrap());
    assert!(!store.unbar(&room, &"mallory".into()).await.unwrap(), "each room has its own");
    assert_eq!(store.bars().await.unwrap(), [bar(&other, "mallory", 3)]);
    let nowhere = RoomId::from("nowhere");
    assert!(matches!(store.bar(&nowhere, &"eve".into(), at(1)).await, Err(StoreError::NoSuchRoom(_))));
}
