//! What a room does not keep.

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
