//! What changes in a room besides its log.

use std::collections::BTreeMap;

use chatroom_wire::{
    DictionaryId, User, UserId,
    payload::{PinUnpin, PinnedMessage},
};

use super::*;
use crate::store::{Change, NewDictionary, RoomRecord, ViewerInfoRecord};

pub(crate) async fn a_change_is_made_with_its_message_and_once(bed: &impl Bed) {
    let store = bed.open().await;
    let room = room_with_counter(&store).await;
    let press = with(text("a", 1), [Change::Count { key: "likes".to_owned(), by: 3 }]);
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

pub(crate) async fn what_is_deleted_is_in_no_page_and_its_id_stays_taken(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, vec![text("a", 1), text("b", 2)]).await.unwrap();
    let deletion = with(text("c", 3), [Change::Delete("a".into())]);
    assert_eq!(store.append(&room, vec![deletion]).await.unwrap(), [stored(3)]);
    assert_eq!(numbers(&all(&store, &room).await), [2, 3]);
    assert_eq!(store.message(&room, &"a".into()).await.unwrap(), None);
    assert_eq!(store.message(&room, &"b".into()).await.unwrap().map(|message| message.seq), Some(2));
    assert_eq!(store.author_of(&room, &"a".into()).await.unwrap(), Some("ada".into()));
    assert_eq!(store.author_of(&room, &"nothing".into()).await.unwrap(), None);
    assert_eq!(store.append(&room, vec![text("a", 4)]).await.unwrap(), [Appended::Duplicate]);
    assert_eq!(numbers(&all(&store, &room).await), [2, 3]);
}

pub(crate) async fn what_is_for_its_author_alone_is_in_no_page_of_others(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    let hidden = |id, stamp| NewMessage { user: "eve".into(), audience: Audience::Author, ..text(id, stamp) };
    store.append(&room, vec![text("a", 1), hidden("b", 2), text("c", 3), hidden("d", 4)]).await.unwrap();
    for kinds in [vec![], vec![Kind::Text]] {
        for from_oldest in [false, true] {
            let query = MessagesQuery { types: kinds.clone(), from_oldest, ..MessagesQuery::default() };
            let page = |reader: &str| store.messages(&room, &UserId::from(reader), query.clone());
            assert_eq!(numbers(&page("ada").await.unwrap()), [1, 3]);
            let own = page("eve").await.unwrap();
            assert_eq!(numbers(&own), [1, 2, 3, 4]);
            assert_eq!((own[0].audience, own[1].audience), (Audience::Everyone, Audience::Author));
        }
    }
    let found = store.message(&room, &"b".into()).await.unwrap().unwrap();
    assert_eq!(found.audience, Audience::Author);
}

pub(crate) async fn a_page_is_full_however_much_of_the_log_is_hidden(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    let log: Vec<NewMessage> = (0..900)
        .map(|number: u64| match number % 3 {
            0 => text(&number.to_string(), number),
            1 => NewMessage { audience: Audience::Author, user: "eve".into(), ..text(&number.to_string(), number) },
            _ => text(&number.to_string(), number),
        })
        .collect();
    store.append(&room, log).await.unwrap();
    let deletions = (0..300_u64).map(|number| Change::Delete((number * 3 + 2).to_string().as_str().into())).collect();
    store.change(&room, deletions, at(2_000)).await.unwrap();
    let query = MessagesQuery { limit: Some(100), ..MessagesQuery::default() };
    let page = store.messages(&room, &"ada".into(), query).await.unwrap();
    assert_eq!(page.len(), 100, "a short page would mean that there is no more");
    let all: Vec<u64> = numbers(&all(&store, &room).await);
    assert_eq!(all, (0..300).map(|number| number * 3 + 1).collect::<Vec<u64>>());
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

pub(crate) async fn any_changes_leave_what_a_plain_model_has(bed: &impl Bed) {
    let store = bed.open().await;
    let room = room_with_counter(&store).await;
    let (mut muted, mut blocked, mut pins, mut likes) = (false, Vec::new(), Vec::new(), 0_i64);
    let mut seed = 7_u64;
    for step in 0..400 {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let who = format!("u{}", (seed >> 40) % 5);
        let change = match (seed >> 33) % 6 {
            0 => {
                muted = step % 2 == 0;
                Change::Muted(muted)
            }
            1 => {
                if !blocked.contains(&who) {
                    blocked.push(who.clone());
                }
                block(&who, &who)
            }
            2 => {
                blocked.retain(|other| *other != who);
                Change::Unblock(UserId::from(who))
            }
            3 => {
                if !pins.contains(&who) {
                    pins.push(who.clone());
                }
                pin(&who)
            }
            4 => {
                pins.retain(|other| *other != who);
                Change::Unpin(MessageId::from(who))
            }
            _ => {
                likes += step;
                Change::Count { key: "likes".to_owned(), by: step }
            }
        };
        let stamp = u64::try_from(step).unwrap() + 1;
        if step % 3 == 0 {
            store.change(&room, vec![change], at(stamp)).await.unwrap();
        } else {
            store.append(&room, vec![with(text(&format!("m{step}"), stamp), [change])]).await.unwrap();
        }
        let record = read(&store, &room).await;
        let ids: Vec<&str> = record.blocked_users.iter().map(|user| user.id.as_ref().unwrap().as_str()).collect();
        assert_eq!(
            (record.muted, ids, pinned(&record), record.custom_counters[0].value),
            (muted, blocked.iter().map(String::as_str).collect(), pins.clone(), likes)
        );
    }
}

pub(crate) async fn changes_of_what_is_not_there_do_nothing(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    let before = read(&store, &room).await;
    let changes = vec![
        Change::Unblock("nobody".into()),
        Change::Unpin("nothing".into()),
        Change::Delete("nothing".into()),
        Change::Muted(false),
        Change::Vote { user: "ada".into(), poll: "none".into(), options: vec!["o".into()] },
        Change::DeletePoll("none".into()),
    ];
    store.change(&room, changes, at(5)).await.unwrap();
    assert_eq!(read(&store, &room).await, before);
    let nowhere = store.change(&"nowhere".into(), vec![Change::Muted(true)], at(1)).await;
    assert!(matches!(nowhere, Err(StoreError::NoSuchRoom(_))));
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
        Change::Poll(super::polls::poll("p1", chatroom_wire::poll::PollStatus::Active)),
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

pub(super) async fn read(store: &impl Store, room: &RoomId) -> RoomRecord {
    store.room(room).await.unwrap().unwrap()
}

pub(super) async fn make_dictionary(store: &impl DictionaryStore, id: &str) {
    let new = NewDictionary { id: DictionaryId::from(id), name: id.to_owned(), description: String::new(), at: at(0) };
    store.create_dictionary(new).await.unwrap();
}

fn with(message: NewMessage, changes: impl IntoIterator<Item = Change>) -> NewMessage {
    NewMessage { changes: changes.into_iter().collect(), ..message }
}

fn block(id: &str, name: &str) -> Change {
    Change::Block(User { id: Some(UserId::from(id)), ..User::named(name) })
}

fn pin(id: &str) -> Change {
    let message = PinnedMessage { id: Some(MessageId::from(id)), ..PinnedMessage::default() };
    Change::Pin(PinUnpin { message, ..PinUnpin::default() })
}

fn pinned(record: &RoomRecord) -> Vec<String> {
    record.pinned_messages.iter().map(|pin| pin.message.id.as_ref().unwrap().to_string()).collect()
}

async fn room_with_counter(store: &impl Store) -> RoomId {
    let new = NewRoom { id: "r".into(), custom_counters: vec!["likes".into()], created_at: at(0) };
    store.create_room(new).await.unwrap().id
}

async fn likes(store: &impl Store, room: &RoomId) -> i64 {
    read(store, room).await.custom_counters[0].value
}
