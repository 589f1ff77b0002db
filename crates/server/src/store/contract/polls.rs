//! Polls and their votes.

use chatroom_wire::{
    OptionId, PollId, UserId,
    poll::{MultiChoice, Poll, PollOption, PollStatus},
};

use super::*;
use crate::store::Change;

pub(crate) async fn a_poll_keeps_its_counts_through_its_life(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    change(&store, &room, [Change::Poll(poll("p", PollStatus::Queued))]).await;
    assert_eq!(super::state::read(&store, &room).await.active_poll, None);
    change(&store, &room, [Change::Poll(poll("p", PollStatus::Active)), vote("ada", &["a"]), vote("bob", &["b"])])
        .await;
    let active = super::state::read(&store, &room).await.active_poll.unwrap();
    assert_eq!((active.id.clone(), counts(&active)), (Some("p".into()), (2, vec![1, 1])));
    let claimed = Poll { votes_count: 99, ..poll("p", PollStatus::Closed) };
    change(&store, &room, [Change::Poll(claimed)]).await;
    let closed = store.poll(&room, &"p".into()).await.unwrap().unwrap();
    assert_eq!((closed.status, counts(&closed)), (PollStatus::Closed, (2, vec![1, 1])));
    assert_eq!(closed.multi_choice.options[0].corrected, Some(true));
    assert_eq!(super::state::read(&store, &room).await.active_poll, None);
    assert_eq!(store.poll(&room, &"q".into()).await.unwrap(), None);
}

pub(crate) async fn a_later_vote_takes_the_place_of_an_earlier_one(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    change(&store, &room, [Change::Poll(poll("p", PollStatus::Active))]).await;
    change(&store, &room, [vote("ada", &["a", "b", "a"]), vote("bob", &["a"])]).await;
    assert_eq!(counts(&store.poll(&room, &"p".into()).await.unwrap().unwrap()), (2, vec![2, 1]));
    change(&store, &room, [vote("ada", &["b"]), vote("ada", &["b"])]).await;
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
    change(&store, &room, [Change::Poll(poll("p", PollStatus::Active)), vote("ada", &["a"])]).await;
    change(&store, &room, [Change::DeletePoll("p".into())]).await;
    assert_eq!(store.poll(&room, &"p".into()).await.unwrap(), None);
    change(&store, &room, [Change::Poll(poll("p", PollStatus::Active))]).await;
    assert_eq!(counts(&store.poll(&room, &"p".into()).await.unwrap().unwrap()), (0, vec![0, 0]));
}

pub(super) fn poll(id: &str, status: PollStatus) -> Poll {
    let option = |id: &str, corrected| PollOption {
        id: Some(OptionId::from(id)),
        text: id.to_owned(),
        corrected: Some(corrected),
        ..PollOption::default()
    };
    let options = vec![option("a", true), option("b", false)];
    let multi_choice = MultiChoice { question: "which?".to_owned(), options, ..MultiChoice::default() };
    Poll { id: Some(PollId::from(id)), status, multi_choice, ..Poll::default() }
}

fn vote(user: &str, options: &[&str]) -> Change {
    let options = options.iter().map(|option| OptionId::from(*option)).collect();
    Change::Vote { user: UserId::from(user), poll: "p".into(), options }
}

fn counts(poll: &Poll) -> (i64, Vec<i64>) {
    (poll.votes_count, poll.multi_choice.options.iter().map(|option| option.votes_count).collect())
}

async fn change(store: &impl Store, room: &RoomId, changes: impl IntoIterator<Item = Change>) {
    store.change(room, changes.into_iter().collect(), at(1)).await.unwrap();
}
