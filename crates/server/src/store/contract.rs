//! What every store does, whatever it keeps its rows in.
//!
//! `store_contract!(name, make)` makes a module of tests, where `make()` gives a [`Bed`] to open stores in. A bed whose
//! stores find again what the one before them kept takes `reopening_contract!` too.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::Duration,
};

use bytes::Bytes;
use chatroom_wire::{
    Chatroom, Kind, MessageId, RoomId, Time,
    rest::{MessagesQuery, PAGE_MAX},
};
use jiff::{SignedDuration, Timestamp};

mod dictionaries;
mod pages;
mod polls;
mod prune;
mod state;

pub(crate) use {dictionaries::*, pages::*, polls::*, prune::*, state::*};

use super::{
    Appended, Audience, DictionaryStore, History, NewMessage, NewRoom, Position, Store, StoreError, StoredMessage,
};

/// Where the stores of one test live.
pub(crate) trait Bed {
    /// The kind of store.
    type Store: Store + DictionaryStore;

    /// Opens a store here.
    fn open(&self) -> impl Future<Output = Self::Store>;
}

macro_rules! contract {
    ($macro:ident: $($test:ident),+ $(,)?) => {
        macro_rules! $macro {
            ($name:ident, $make:expr) => {
                mod $name {
                    use super::*;
                    $(
                        #[tokio::test]
                        async fn $test() {
                            $crate::store::contract::$test(&$make()).await;
                        }
                    )+
                }
            };
        }
    };
}

contract! { store_contract:
    a_room_reads_back_as_it_was_made,
    a_room_is_shown_with_all_that_clients_insist_on,
    a_room_is_made_only_once,
    the_first_room_is_the_oldest,
    a_room_that_is_not_there_is_told,
    an_empty_log_has_no_end_and_no_messages,
    messages_come_back_as_they_were_sent_and_in_their_order,
    numbers_have_no_holes_and_each_room_has_its_own,
    a_message_sent_again_is_stored_once_and_takes_no_number,
    an_id_of_another_user_is_taken_and_takes_no_number,
    the_same_id_in_another_room_is_another_message,
    an_append_is_stored_whole_or_not_at_all,
    a_stamp_that_does_not_grow_is_refused,
    a_time_that_cannot_be_kept_is_refused,
    every_page_is_what_a_plain_list_would_give,
    a_page_holds_at_most_a_hundred_whatever_is_asked,
    paging_back_meets_each_message_once_while_new_ones_arrive,
    paging_forward_meets_each_message_once_while_new_ones_arrive,
    many_appenders_at_once_lose_nothing_and_leave_no_hole,
    what_is_answered_is_seen_by_every_reader,
    pruning_by_count_keeps_the_newest,
    pruning_by_age_keeps_what_is_young,
    pruning_leaves_the_end_of_the_log_where_it_is,
    pruning_without_limits_removes_nothing,
    a_change_is_made_with_its_message_and_once,
    a_change_of_a_message_that_is_not_stored_is_not_made,
    a_block_and_a_pin_stand_once_and_in_their_order,
    what_is_deleted_is_in_no_page_and_its_id_stays_taken,
    what_is_for_its_author_alone_is_in_no_page_of_others,
    a_page_is_full_however_much_of_the_log_is_hidden,
    a_counter_counts_what_it_knows_and_stops_at_the_end,
    a_name_is_the_last_one_taken,
    packs_and_dictionaries_are_what_was_said_last,
    any_changes_leave_what_a_plain_model_has,
    changes_of_what_is_not_there_do_nothing,
    a_poll_keeps_its_counts_through_its_life,
    a_later_vote_takes_the_place_of_an_earlier_one,
    polls_are_paged_the_newest_first,
    a_poll_that_goes_takes_its_votes_along,
    dictionaries_live_and_are_paged_the_oldest_first,
    a_pattern_is_there_once_and_keeps_its_id,
    all_patterns_are_replaced_at_once,
    ten_thousand_patterns_are_paged_through,
    a_dictionary_that_goes_leaves_every_room,
}

contract! { reopening_contract:
    all_is_there_after_reopening,
    a_log_goes_on_in_sequence_after_reopening,
    a_message_sent_again_after_reopening_is_a_duplicate,
    the_state_of_a_room_is_there_after_reopening,
}

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

pub(crate) async fn an_empty_log_has_no_end_and_no_messages(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    assert_eq!(store.position(&room).await.unwrap(), Position { seq: 0, received_at: None });
    assert_eq!(store.messages(&room, &"ada".into(), MessagesQuery::default()).await.unwrap(), []);
    assert_eq!(store.append(&room, Vec::new()).await.unwrap(), []);
}

pub(crate) async fn messages_come_back_as_they_were_sent_and_in_their_order(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    let odd = NewMessage { json: Bytes::from_static(b"{\"t\":\"\\u0000 \xf0\x9f\x8e\x89 '; DROP\"}"), ..text("b", 2) };
    let sent = vec![text("c", 1), odd, text("a", 3)];
    let answers = store.append(&room, sent.clone()).await.unwrap();
    assert_eq!(answers, [stored(1), stored(2), stored(3)]);
    let read = store.messages(&room, &"ada".into(), MessagesQuery::default()).await.unwrap();
    let expected: Vec<StoredMessage> = (1..)
        .zip(&sent)
        .map(|(seq, message)| StoredMessage { seq, audience: Audience::Everyone, json: message.json.clone() })
        .collect();
    assert_eq!(read, expected);
    assert_eq!(store.position(&room).await.unwrap(), Position { seq: 3, received_at: Some(at(3)) });
}

pub(crate) async fn numbers_have_no_holes_and_each_room_has_its_own(bed: &impl Bed) {
    let store = bed.open().await;
    let (one, two) = (make_room(&store, "one").await, make_room(&store, "two").await);
    assert_eq!(store.append(&one, vec![text("a", 1), text("b", 2)]).await.unwrap(), [stored(1), stored(2)]);
    assert_eq!(store.append(&two, vec![text("c", 1)]).await.unwrap(), [stored(1)]);
    assert_eq!(store.append(&one, vec![text("d", 3)]).await.unwrap(), [stored(3)]);
    assert_eq!(numbers(&all(&store, &one).await), [1, 2, 3]);
    assert_eq!(numbers(&all(&store, &two).await), [1]);
}

pub(crate) async fn a_message_sent_again_is_stored_once_and_takes_no_number(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    let twice = vec![text("a", 1), text("a", 2), text("b", 3)];
    assert_eq!(store.append(&room, twice).await.unwrap(), [stored(1), Appended::Duplicate, stored(2)]);
    for again in [text("a", 1), text("a", 9)] {
        assert_eq!(store.append(&room, vec![again]).await.unwrap(), [Appended::Duplicate]);
    }
    assert_eq!(store.position(&room).await.unwrap(), Position { seq: 2, received_at: Some(at(3)) });
    assert_eq!(all(&store, &room).await.len(), 2);
}

pub(crate) async fn an_id_of_another_user_is_taken_and_takes_no_number(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, vec![text("a", 1)]).await.unwrap();
    let forged = NewMessage { user: "eve".into(), ..text("a", 2) };
    assert_eq!(store.append(&room, vec![forged, text("b", 3)]).await.unwrap(), [Appended::IdTaken, stored(2)]);
    assert_eq!(all(&store, &room).await[0].json, text("a", 1).json);
}

pub(crate) async fn the_same_id_in_another_room_is_another_message(bed: &impl Bed) {
    let store = bed.open().await;
    for id in ["one", "two"] {
        let room = make_room(&store, id).await;
        assert_eq!(store.append(&room, vec![text("a", 1)]).await.unwrap(), [stored(1)]);
    }
}

pub(crate) async fn an_append_is_stored_whole_or_not_at_all(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, vec![text("a", 5)]).await.unwrap();
    let refused = store.append(&room, vec![text("b", 6), text("c", 7), text("d", 2)]).await.unwrap_err();
    assert!(matches!(refused, StoreError::OutOfOrder(_)), "{refused}");
    assert_eq!(numbers(&all(&store, &room).await), [1]);
    assert_eq!(store.position(&room).await.unwrap(), Position { seq: 1, received_at: Some(at(5)) });
    assert_eq!(store.append(&room, vec![text("b", 6)]).await.unwrap(), [stored(2)]);
}

pub(crate) async fn a_stamp_that_does_not_grow_is_refused(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, vec![text("a", 5)]).await.unwrap();
    for stamp in [4, 5] {
        let refused = store.append(&room, vec![text("b", stamp)]).await.unwrap_err();
        assert!(matches!(refused, StoreError::OutOfOrder(_)), "{refused}");
    }
}

pub(crate) async fn a_time_that_cannot_be_kept_is_refused(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    let far = NewMessage { received_at: Timestamp::MAX, ..text("a", 1) };
    let refused = store.append(&room, vec![far]).await.unwrap_err();
    assert!(matches!(refused, StoreError::TimeOutOfRange), "{refused}");
    let whole = MessagesQuery {
        after_at: Some(Time::nanoseconds(Timestamp::MIN)),
        before_at: Some(Time::nanoseconds(Timestamp::MAX)),
        ..MessagesQuery::default()
    };
    store.append(&room, vec![text("a", 1)]).await.unwrap();
    assert_eq!(store.messages(&room, &"ada".into(), whole).await.unwrap().len(), 1);
}

pub(crate) async fn many_appenders_at_once_lose_nothing_and_leave_no_hole(bed: &impl Bed) {
    const ROOMS: usize = 4;
    const APPENDS: u64 = 100;
    let store = Arc::new(bed.open().await);
    let mut tasks = Vec::new();
    for n in 0..ROOMS * 4 {
        let room = room(&format!("room {}", n % ROOMS));
        let new = NewRoom { id: room.clone(), custom_counters: Vec::new(), created_at: at(0) };
        match store.create_room(new).await {
            Ok(_) => assert!(n < ROOMS),
            Err(error) => assert!(matches!(error, StoreError::RoomExists(_)), "{error}"),
        }
    }
    // One task to a room stamps; each has many appends on their way at once.
    for n in 0..ROOMS {
        let (store, room) = (Arc::clone(&store), room(&format!("room {n}")));
        tasks.push(tokio::spawn(async move {
            let appends = (1..=APPENDS).map(|stamp| {
                let messages = vec![text(&format!("a{stamp}"), 2 * stamp), text(&format!("b{stamp}"), 2 * stamp + 1)];
                store.append(&room, messages)
            });
            let answers = futures_util::future::join_all(appends).await;
            let numbers: Vec<Appended> = answers.into_iter().flat_map(Result::unwrap).collect();
            assert_eq!(numbers, (1..=2 * APPENDS).map(stored).collect::<Vec<_>>());
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    for n in 0..ROOMS {
        let log = all(&*store, &room(&format!("room {n}"))).await;
        assert_eq!(numbers(&log), (1..=2 * APPENDS).collect::<Vec<_>>());
    }
}

pub(crate) async fn what_is_answered_is_seen_by_every_reader(bed: &impl Bed) {
    let store = Arc::new(bed.open().await);
    let room = make_room(&*store, "r").await;
    let answered = Arc::new(Mutex::new(0));
    let readers: Vec<_> = (0..6)
        .map(|_| {
            let (store, room, answered) = (Arc::clone(&store), room.clone(), Arc::clone(&answered));
            tokio::spawn(async move {
                loop {
                    let before = *answered.lock().unwrap();
                    let page = store.messages(&room, &"ada".into(), MessagesQuery::default()).await.unwrap();
                    let newest = page.last().map_or(0, |message| message.seq);
                    assert!(newest >= before, "{newest} was read after {before} was answered");
                    assert!(page.windows(2).all(|pair| pair[0].seq + 1 == pair[1].seq));
                    if before == 50 {
                        break;
                    }
                }
            })
        })
        .collect();
    for n in 1..=50 {
        store.append(&room, vec![text(&n.to_string(), n)]).await.unwrap();
        *answered.lock().unwrap() = n;
    }
    for reader in readers {
        reader.await.unwrap();
    }
}

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

/// The same as the store does, on a list.
async fn all(store: &impl Store, room: &RoomId) -> Vec<StoredMessage> {
    let mut all: Vec<StoredMessage> = Vec::new();
    loop {
        let page = match all.last() {
            None => MessagesQuery { from_oldest: true, ..MessagesQuery::default() },
            Some(last) => {
                MessagesQuery { from_oldest: true, after_at: Some(received_at(&last.json)), ..MessagesQuery::default() }
            }
        };
        let page = store.messages(room, &"ada".into(), page).await.unwrap();
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

pub(crate) async fn make_room(store: &impl Store, id: &str) -> RoomId {
    let new = NewRoom { id: id.into(), custom_counters: Vec::new(), created_at: at(0) };
    store.create_room(new).await.unwrap().id
}

/// A text of ada's, stamped this many seconds after the room was made.
pub(crate) fn text(id: &str, stamp: u64) -> NewMessage {
    let received_at = at(stamp);
    NewMessage {
        id: MessageId::from(id),
        user: "ada".into(),
        kind: Kind::Text,
        received_at,
        json: format!(r#"{{"id":"{id}","received_at":"{received_at:.9}"}}"#).into(),
        audience: Audience::Everyone,
        changes: Vec::new(),
    }
}

pub(crate) fn stored(seq: u64) -> Appended {
    Appended::Stored { seq }
}

fn received_at(json: &[u8]) -> Time {
    let message: serde_json::Value = serde_json::from_slice(json).unwrap();
    message["received_at"].as_str().unwrap().parse().unwrap()
}

fn numbers(messages: &[StoredMessage]) -> Vec<u64> {
    messages.iter().map(|message| message.seq).collect()
}

fn room(id: &str) -> RoomId {
    RoomId::from(id)
}

pub(crate) fn at(seconds: u64) -> Timestamp {
    let start: Timestamp = "2024-07-29T15:51:28.123456789Z".parse().unwrap();
    start + SignedDuration::from_secs(i64::try_from(seconds).unwrap())
}
