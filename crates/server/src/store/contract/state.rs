//! What changes in a room besides its log.

use std::collections::BTreeMap;

use chatroom_wire::{
    RoomId, User,
    payload::{PinUnpin, PinnedMessage},
    poll::{Poll, PollStatus},
};

use super::*;
use crate::store::{RoomRecord, ViewerInfoRecord, record::ADMIN_NAMES};

pub(crate) async fn a_change_is_made_with_its_message_and_once(bed: &impl Bed) {
    let store = bed.open().await;
    let room = room_with_counter(&store).await;
    let press = with(text("a", 1), [count("likes", 3)]);
    assert_eq!(store.append(&room, vec![press.clone()]).await.unwrap(), [stored(1)]);
    assert_eq!(store.append(&room, vec![press]).await.unwrap(), [Appended::Duplicate]);
    assert_eq!(likes(&store, &room).await, 3);
    let mute = with(text("b", 2), [Change::Muted(true)]);
    store.append(&room, vec![mute]).await.unwrap();
    let record = read(&store, &room).await;
    assert!(record.muted);
    assert_eq!(record.updated_at, at(2), "the room has changed when the message came");
}

pub(crate) async fn a_change_of_a_message_that_is_not_stored_is_not_made(bed: &impl Bed) {
    let store = bed.open().await;
    let room = room_with_counter(&store).await;
    store.append(&room, vec![text("a", 5)]).await.unwrap();
    let count = || [Change::Count { key: "likes".to_owned(), by: 1 }];
    let forged = NewMessage { user: "eve".into(), ..with(text("a", 6), count()) };
    assert_eq!(store.append(&room, vec![forged]).await.unwrap(), [Appended::IdTaken]);
    let refused = store.append(&room, vec![with(text("b", 7), count()), with(text("c", 7), count())]).await;
    assert!(matches!(refused, Err(StoreError::OutOfOrder(_))));
    assert_eq!(likes(&store, &room).await, 0);
}

pub(crate) async fn a_block_and_a_pin_stand_once_and_in_their_order(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    let changes = vec![block("eve", "Eve"), block("bob", "Bob"), block("eve", "Eva"), pin("m2"), pin("m1"), pin("m2")];
    store.change(&room, changes, at(3)).await.unwrap();
    let record = read(&store, &room).await;
    let names: Vec<&str> = record.blocked_users.iter().map(|user| user.custom_name.as_str()).collect();
    assert_eq!(names, ["Eve", "Bob"]);
    assert_eq!(pinned(&record), ["m2", "m1"]);
    assert_eq!(record.updated_at, at(3));
    let undo = vec![Change::Unblock("eve".into()), Change::Unpin("m2".into()), block("eve", "Eva")];
    store.change(&room, undo, at(4)).await.unwrap();
    let record = read(&store, &room).await;
    let names: Vec<&str> = record.blocked_users.iter().map(|user| user.custom_name.as_str()).collect();
    assert_eq!((names, pinned(&record)), (vec!["Bob", "Eva"], vec!["m1".to_owned()]));
}

pub(crate) async fn a_counter_counts_what_it_knows_and_stops_at_the_end(bed: &impl Bed) {
    let store = bed.open().await;
    let room = room_with_counter(&store).await;
    let count = |key: &str, by| Change::Count { key: key.to_owned(), by };
    store.change(&room, vec![count("likes", 5), count("nothing", 7), count("likes", 2)], at(9)).await.unwrap();
    let counter = read(&store, &room).await.custom_counters.remove(0);
    assert_eq!((counter.value, counter.version, counter.updated_at), (7, 2, at(9)));
    store.change(&room, vec![count("likes", i64::MAX), count("likes", i64::MAX)], at(9)).await.unwrap();
    assert_eq!(likes(&store, &room).await, i64::MAX);
}

pub(crate) async fn a_name_is_the_last_one_taken(bed: &impl Bed) {
    let store = bed.open().await;
    let (room, other) = (make_room(&store, "r").await, make_room(&store, "s").await);
    let rename = |name: &str| Change::Rename { user: "ada".into(), name: name.to_owned() };
    store.change(&room, vec![rename("Ada"), rename("Countess")], at(1)).await.unwrap();
    assert_eq!(store.name_of(&room, &"ada".into()).await.unwrap().as_deref(), Some("Countess"));
    assert_eq!(store.name_of(&room, &"bob".into()).await.unwrap(), None);
    assert_eq!(store.name_of(&other, &"ada".into()).await.unwrap(), None);
}

pub(crate) async fn the_newest_names_of_moderators_are_kept(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    let host = |name: &str| Change::AdminName(User { id: Some("host".into()), ..User::named(name) });
    store.change(&room, vec![host("Host"), host("Host"), host("Hanna")], at(1)).await.unwrap();
    let names = async || -> Vec<String> {
        read(&store, &room).await.admins.into_iter().map(|admin| admin.custom_name).collect()
    };
    assert_eq!(names().await, ["Host", "Hanna"]);
    let many = (0..ADMIN_NAMES - 1).map(|number| host(&number.to_string())).collect();
    store.change(&room, many, at(1)).await.unwrap();
    let names = names().await;
    assert_eq!((names.len(), names[0].as_str()), (ADMIN_NAMES, "Hanna"));
}

pub(crate) async fn packs_and_dictionaries_are_what_was_said_last(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    for id in ["d1", "d2"] {
        make_dictionary(&store, id).await;
    }
    let uses = |id: &str, uses| Change::Dictionary(id.into(), uses);
    let pack = |enabled| Change::StickerPack("p".into(), enabled);
    let changes = vec![uses("d2", true), uses("d1", true), uses("nowhere", true), pack(true), pack(false)];
    store.change(&room, changes, at(1)).await.unwrap();
    let record = read(&store, &room).await;
    assert_eq!(record.dictionaries, ["d1".into(), "d2".into()]);
    assert_eq!(record.sticker_packs, BTreeMap::from([("p".into(), false)]));
    store.change(&room, vec![uses("d1", false), uses("d1", false)], at(1)).await.unwrap();
    assert_eq!(read(&store, &room).await.dictionaries, ["d2".into()]);
}

pub(crate) async fn changes_of_what_is_not_there_do_nothing(bed: &impl Bed) {
    let store = bed.open().await;
    let room = room_with_counter(&store).await;
    let before = read(&store, &room).await;
    let changes = vec![
        Change::Muted(false),
        Change::Block(User::named("nobody in particular")),
        Change::Unblock("nobody".into()),
        Change::Pin(PinUnpin { message: PinnedMessage::default(), ..PinUnpin::default() }),
        Change::Unpin("nothing".into()),
        Change::Delete("nothing".into()),
        count("nothing", 7),
        Change::Poll(Poll { id: None, ..poll("p", PollStatus::Active) }),
        vote("ada", "none", &["a"]),
        Change::DeletePoll("none".into()),
        Change::Dictionary("none".into(), true),
        Change::Dictionary("none".into(), false),
    ];
    store.append(&room, vec![with(text("a", 4), changes.clone())]).await.unwrap();
    store.change(&room, changes, at(5)).await.unwrap();
    assert_eq!(read(&store, &room).await, before);
    let nowhere = store.change(&"nowhere".into(), vec![Change::Muted(true)], at(1)).await;
    assert!(matches!(nowhere, Err(StoreError::NoSuchRoom(_))));
}

pub(crate) async fn a_room_moves_with_its_state_and_not_with_its_counts(bed: &impl Bed) {
    let store = bed.open().await;
    let room = room_with_counter(&store).await;
    let viewers =
        |enabled, count| Change::ViewerInfo(ViewerInfoRecord { enabled, count, version: 1, updated_at: Some(at(1)) });
    store.append(&room, vec![text("m", 1)]).await.unwrap();
    let moving = [
        Change::Muted(true),
        block("eve", "Eve"),
        Change::Unblock("eve".into()),
        pin("m"),
        Change::Unpin("m".into()),
        viewers(true, 1),
    ];
    let still = [
        Change::Muted(true),
        count("likes", 1),
        viewers(true, 2),
        Change::Rename { user: "ada".into(), name: "Countess".to_owned() },
        Change::StickerPack("p".into(), true),
        Change::Delete("m".into()),
    ];
    for (moment, change) in (2..).zip(moving) {
        store.change(&room, vec![change], at(moment)).await.unwrap();
        assert_eq!(read(&store, &room).await.updated_at, at(moment));
    }
    let moved = read(&store, &room).await.updated_at;
    for change in still {
        store.change(&room, vec![change], at(90)).await.unwrap();
        assert_eq!(read(&store, &room).await.updated_at, moved);
    }
    store.change(&room, vec![Change::Muted(false)], at(3)).await.unwrap();
    assert_eq!(read(&store, &room).await.updated_at, moved, "a clock that was set back takes nothing back");
}

fn pinned(record: &RoomRecord) -> Vec<String> {
    record.pinned_messages.iter().map(|pin| pin.message.id.as_ref().unwrap().to_string()).collect()
}

async fn likes(store: &impl Store, room: &RoomId) -> i64 {
    read(store, room).await.custom_counters[0].value
}
