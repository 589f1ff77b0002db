//! How a log grows.

use std::sync::{Arc, Mutex};

use bytes::Bytes;

use super::*;

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
