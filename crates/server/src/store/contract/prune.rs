//! What a room does not keep.

use std::time::Duration;

use super::*;

pub(crate) async fn pruning_by_count_keeps_the_newest(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    // More than the store takes away at once.
    store.append(&room, (1..=2_500).map(|n| text(&n.to_string(), n)).collect()).await.unwrap();
    let keep = History { count: Some(3), age: None };
    assert_eq!(store.prune(&room, keep, at(9_999)).await.unwrap(), 2_497);
    assert_eq!(numbers(&all(&store, &room).await), [2_498, 2_499, 2_500]);
    assert_eq!(store.prune(&room, keep, at(9_999)).await.unwrap(), 0);
}

pub(crate) async fn pruning_by_age_keeps_what_is_young(bed: &impl Bed) {
    let store = bed.open().await;
    let (room, other) = (make_room(&store, "r").await, make_room(&store, "other").await);
    for room in [&room, &other] {
        store.append(room, (1..=10).map(|n| text(&n.to_string(), n)).collect()).await.unwrap();
    }
    let keep = History { age: Some(Duration::from_secs(4)), count: Some(8) };
    assert_eq!(store.prune(&room, keep, at(12)).await.unwrap(), 7);
    assert_eq!(numbers(&all(&store, &room).await), [8, 9, 10]);
    assert_eq!(all(&store, &other).await.len(), 10, "another room keeps its own");
    let forever = History { age: Some(Duration::MAX), count: None };
    assert_eq!(store.prune(&room, forever, at(12)).await.unwrap(), 0);
}

pub(crate) async fn pruning_leaves_the_end_of_the_log_where_it_is(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, vec![text("a", 1), text("b", 2)]).await.unwrap();
    assert_eq!(store.prune(&room, History { count: Some(0), age: None }, at(9)).await.unwrap(), 2);
    assert_eq!(store.position(&room).await.unwrap(), Position { seq: 2, received_at: Some(at(2)) });
    assert_eq!(store.append(&room, vec![text("c", 3)]).await.unwrap(), [stored(3)]);
}

pub(crate) async fn pruning_without_limits_removes_nothing(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    store.append(&room, vec![text("a", 1)]).await.unwrap();
    for keep in [History::default(), History { age: None, count: Some(u64::MAX) }] {
        assert_eq!(store.prune(&room, keep, at(9)).await.unwrap(), 0);
    }
}

pub(crate) async fn pruning_removes_what_nobody_sees_too_and_leaves_what_is_pinned(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    for keep in [History { count: Some(1), age: None }, History { count: None, age: Some(Duration::from_secs(1)) }] {
        let first = store.position(&room).await.unwrap().seq + 1;
        let ids: Vec<String> = (first..first + 4).map(|stamp| stamp.to_string()).collect();
        let log =
            [text(&ids[0], first), hidden(&ids[1], first + 1), text(&ids[2], first + 2), hidden(&ids[3], first + 3)];
        store.append(&room, log.to_vec()).await.unwrap();
        change(&store, &room, [pin(&ids[0]), Change::Delete(ids[2].as_str().into())]).await;
        let removed = store.prune(&room, keep, at(first + 4)).await.unwrap();
        assert_eq!(removed, 3);
        let own = store.messages(&room, &"eve".into(), MessagesQuery::default()).await.unwrap();
        assert_eq!(numbers(&own), [first + 3]);
        for gone in &ids[..3] {
            assert_eq!(store.author_of(&room, &gone.as_str().into()).await.unwrap(), None);
        }
        assert_eq!(store.append(&room, vec![text(&ids[2], first + 4)]).await.unwrap(), [stored(first + 4)]);
        assert_eq!(store.prune(&room, History { count: Some(0), age: None }, at(first + 4)).await.unwrap(), 2);
    }
    assert_eq!(read(&store, &room).await.pinned_messages.len(), 2);
}

pub(crate) async fn a_room_is_overdue_while_something_is_to_be_pruned(bed: &impl Bed) {
    let store = bed.open().await;
    let overdue = async |keep: History, now: u64| -> Vec<(String, bool)> {
        let rooms = store.overdue(keep, at(now), 9).await.unwrap();
        rooms.into_iter().map(|it| (it.room.to_string(), it.has_pins)).collect()
    };
    let (young, old, pins) =
        (make_room(&store, "young").await, make_room(&store, "old").await, make_room(&store, "pins").await);
    make_room(&store, "empty").await;
    store.append(&young, (10..=12).map(|n| text(&n.to_string(), n)).collect()).await.unwrap();
    store.append(&old, (1..=2).map(|n| text(&n.to_string(), n)).collect()).await.unwrap();
    store.append(&pins, vec![with(text("1", 10), [pin("1")])]).await.unwrap();
    let age = History { age: Some(Duration::from_secs(5)), count: None };
    let named = |name: &str, has_pins: bool| (name.to_owned(), has_pins);
    assert_eq!(overdue(History::default(), 99).await, []);
    assert_eq!(overdue(age, 12).await, [named("old", false)]);
    assert_eq!(overdue(age, 16).await, [named("young", false), named("old", false), named("pins", true)]);
    assert_eq!(overdue(History { age: None, count: Some(2) }, 99).await, [named("young", false)]);
    store.prune(&old, age, at(12)).await.unwrap();
    assert_eq!(overdue(age, 12).await, []);
    store.prune(&pins, age, at(16)).await.unwrap();
    assert_eq!(overdue(age, 12).await, [named("pins", true)], "its pin has no message any more");
    change(&store, &pins, [Change::Unpin("1".into())]).await;
    assert_eq!(overdue(age, 12).await, []);
}
