//! Polls and their votes.

use chatroom_wire::{
    PollId,
    poll::{Poll, PollStatus},
};

use super::*;
use crate::store::Change;

pub(crate) async fn a_poll_keeps_its_counts_through_its_life(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    change(&store, &room, [Change::Poll(poll("p", PollStatus::Queued))]).await;
    assert_eq!(read(&store, &room).await.active_poll, None);
    change(
        &store,
        &room,
        [Change::Poll(poll("p", PollStatus::Active)), vote("ada", "p", &["a"]), vote("bob", "p", &["b"])],
    )
    .await;
    let active = read(&store, &room).await.active_poll.unwrap();
    assert_eq!((active.id.clone(), counts(&active)), (Some("p".into()), (2, vec![1, 1])));
    let claimed = Poll { votes_count: 99, ..poll("p", PollStatus::Closed) };
    change(&store, &room, [Change::Poll(claimed)]).await;
    let closed = store.poll(&room, &"p".into()).await.unwrap().unwrap();
    assert_eq!((closed.status, counts(&closed)), (PollStatus::Closed, (2, vec![1, 1])));
    assert_eq!(closed.multi_choice.options[0].corrected, Some(true));
    assert_eq!(read(&store, &room).await.active_poll, None);
    assert_eq!(store.poll(&room, &"q".into()).await.unwrap(), None);
}

pub(crate) async fn a_later_vote_takes_the_place_of_an_earlier_one(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    change(&store, &room, [Change::Poll(poll("p", PollStatus::Active))]).await;
    change(&store, &room, [vote("ada", "p", &["a", "b", "a"]), vote("bob", "p", &["a"])]).await;
    assert_eq!(counts(&store.poll(&room, &"p".into()).await.unwrap().unwrap()), (2, vec![2, 1]));
    change(&store, &room, [vote("ada", "p", &["b"]), vote("ada", "p", &["b"])]).await;
    assert_eq!(counts(&store.poll(&room, &"p".into()).await.unwrap().unwrap()), (2, vec![1, 1]));
}

pub(crate) async fn polls_are_paged_the_newest_first(bed: &impl Bed) {
    let store = bed.open().await;
    let (room, other) = (make_room(&store, "r").await, make_room(&store, "s").await);
    for number in 0..7 {
        change(&store, &room, [Change::Poll(poll(&format!("p{number}"), PollStatus::Queued))]).await;
        change(&store, &other, [Change::Poll(poll(&format!("p{number}"), PollStatus::Queued))]).await;
    }
    // Written anew, a poll stays in its place.
    change(&store, &room, [Change::Poll(poll("p2", PollStatus::Closed))]).await;
    let mut seen = Vec::new();
    let mut last: Option<PollId> = None;
    loop {
        let page = store.polls(&room, last.as_ref(), 3).await.unwrap();
        let Some(end) = page.last() else { break };
        last.clone_from(&end.id);
        seen.extend(page.into_iter().map(|poll| poll.id.unwrap().to_string()));
    }
    assert_eq!(seen, ["p6", "p5", "p4", "p3", "p2", "p1", "p0"]);
    assert_eq!(store.polls(&room, Some(&"nowhere".into()), 100).await.unwrap().len(), 7);
}

pub(crate) async fn a_poll_that_goes_takes_its_votes_along(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    change(&store, &room, [Change::Poll(poll("p", PollStatus::Active)), vote("ada", "p", &["a"])]).await;
    change(&store, &room, [Change::DeletePoll("p".into())]).await;
    assert_eq!(store.poll(&room, &"p".into()).await.unwrap(), None);
    change(&store, &room, [Change::Poll(poll("p", PollStatus::Active))]).await;
    assert_eq!(counts(&store.poll(&room, &"p".into()).await.unwrap().unwrap()), (0, vec![0, 0]));
}

pub(crate) async fn a_vote_for_what_is_not_to_choose_counts_nothing(bed: &impl Bed) {
    let store = bed.open().await;
    let (room, other) = (make_room(&store, "r").await, make_room(&store, "s").await);
    change(&store, &room, [Change::Poll(poll("p", PollStatus::Active)), vote("ada", "p", &["a"])]).await;
    let nothing = [vote("ada", "p", &[]), vote("ada", "p", &["nothing"]), vote("ada", "p", &["b", "nothing"])];
    change(&store, &room, nothing).await;
    change(&store, &other, [vote("bob", "p", &["a"])]).await;
    assert_eq!(counts(&store.poll(&room, &"p".into()).await.unwrap().unwrap()), (1, vec![1, 0]));
}

pub(crate) async fn a_poll_moves_its_room_when_its_status_does(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    let steps = [
        (1, Change::Poll(poll("p", PollStatus::Queued)), 1),
        (2, Change::Poll(poll("p", PollStatus::Queued)), 1),
        (3, Change::Poll(poll("p", PollStatus::Active)), 3),
        (4, vote("ada", "p", &["a"]), 3),
        (5, Change::Poll(poll("p", PollStatus::Closed)), 5),
        (6, Change::DeletePoll("p".into()), 6),
        (7, Change::DeletePoll("p".into()), 6),
    ];
    for (moment, change, moved) in steps {
        store.change(&room, vec![change], at(moment)).await.unwrap();
        assert_eq!(read(&store, &room).await.updated_at, at(moved));
    }
}

fn counts(poll: &Poll) -> (i64, Vec<i64>) {
    (poll.votes_count, poll.multi_choice.options.iter().map(|option| option.votes_count).collect())
}
