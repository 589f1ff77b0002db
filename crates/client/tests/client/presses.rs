//! Counters and polls, in a room in memory.

use std::time::Duration;

use chatroom_client::{
    DeliverError, Delivery, Event, PressError, Rejection,
    memory::MemoryRoom,
    wire::{
        Kind,
        poll::{MultiChoice, Poll, PollKind, PollOption},
        rest::PollAction,
    },
};
use chatroom_testkit::within;
use tokio::time::{Instant, sleep};

use crate::{joined, next};

#[tokio::test(start_paused = true)]
async fn presses_are_gathered_into_one_message_and_counted() {
    let memory = MemoryRoom::new().with_counters(["like", "cheer"]);
    let (ada, mut events) = memory.join("ada").build().unwrap();
    joined(&mut events).await;
    for _ in 0..100 {
        ada.press("like", None).await.unwrap();
    }
    ada.press("cheer", Some("go \"reds\"")).await.unwrap();
    ada.press("cheer", Some("go blues")).await.unwrap();
    assert!(memory.messages().is_empty(), "they wait for others");
    sleep(Duration::from_secs(6)).await;
    assert_eq!((memory.counter("like"), memory.counter("cheer")), (Some(100), Some(2)));
    assert_eq!(memory.messages().len(), 2);
    assert_eq!(memory.messages().iter().filter(|message| message.kind() == Kind::Custom).count(), 2);
}

#[tokio::test(start_paused = true)]
async fn what_a_counter_has_come_to_is_told_to_all() {
    let memory = MemoryRoom::new().with_counters(["like"]);
    let (ada, mut seen_by_ada) = memory.join("ada").build().unwrap();
    let (_ben, mut seen_by_ben) = memory.join("ben").build().unwrap();
    joined(&mut seen_by_ada).await;
    joined(&mut seen_by_ben).await;
    ada.press("like", None).await.unwrap();
    ada.press("like", None).await.unwrap();
    for events in [&mut seen_by_ada, &mut seen_by_ben] {
        loop {
            if let Event::Counted { key, increment, total } = next(events).await {
                break assert_eq!((&*key, increment, total), ("like", 2, 2));
            }
        }
    }
}

#[tokio::test]
async fn leaving_sends_the_presses_that_wait() {
    let memory = MemoryRoom::new().with_counters(["like"]);
    let (room, mut events) = memory.join("ada").build().unwrap();
    joined(&mut events).await;
    room.press("like", None).await.unwrap();
    within("the end", room.leave()).await;
    assert_eq!(memory.counter("like"), Some(1));
    assert_eq!(room.press("like", None).await, Err(PressError::Ended));
}

#[tokio::test]
async fn a_handle_that_is_dropped_takes_no_press_with_it() {
    for _ in 0..20 {
        // More than may be on their way at once.
        let keys: Vec<String> = (0..50).map(|number| number.to_string()).collect();
        let memory = MemoryRoom::new().with_counters(keys.clone());
        let (room, mut events) = memory.join("ada").build().unwrap();
        joined(&mut events).await;
        for key in &keys {
            room.press(key, None).await.unwrap();
        }
        drop(room);
        while !matches!(next(&mut events).await, Event::Ended(_)) {}
        assert!(keys.iter().all(|key| memory.counter(key) == Some(1)));
    }
}

#[tokio::test]
async fn a_press_that_can_not_be_taken_is_refused_at_once() {
    let memory = MemoryRoom::new().with_counters(["like"]);
    let (room, mut events) = memory.join("ada").build().unwrap();
    joined(&mut events).await;
    assert_eq!(room.press("love", None).await, Err(PressError::NoSuchCounter("love".to_owned())));
    assert_eq!(room.press("like", Some(&"x".repeat(1025))).await, Err(PressError::TooLarge(1024)));
    assert_eq!(memory.counter("love"), None);
}

fn tea(kind: PollKind) -> Poll {
    let options = ["yes", "no"].map(|text| PollOption { text: text.to_owned(), ..PollOption::default() });
    let choice = MultiChoice { options: options.to_vec(), ..MultiChoice::default() };
    Poll { kind, multi_choice: choice, ..Poll::default() }
}

#[tokio::test(start_paused = true)]
async fn a_vote_is_counted_once_for_each_person_and_seen_by_its_voter_alone() {
    let memory = MemoryRoom::new();
    let host = memory.visitor(memory.admin_token("host"));
    let poll = host.create_poll(&tea(PollKind::SingleChoice)).await.unwrap();
    let (id, options) = (poll.id.unwrap(), poll.multi_choice.options);
    let [yes, no] = [0, 1].map(|place: usize| options[place].id.clone().unwrap());
    let (ada, mut events) = memory.join("ada").build().unwrap();
    let (ben, _) = memory.join("ben").build().unwrap();
    joined(&mut events).await;
    let refused = ada.vote(&id, std::slice::from_ref(&yes)).await;
    assert_eq!(reason(refused), "the poll takes no votes");

    host.change_poll(&id, PollAction::Start).await.unwrap();
    ada.vote(&id, std::slice::from_ref(&no)).await.unwrap();
    ada.vote(&id, std::slice::from_ref(&yes)).await.unwrap();
    ben.vote(&id, std::slice::from_ref(&no)).await.unwrap();
    assert_eq!(reason(ben.vote(&id, &[yes.clone(), no.clone()]).await), "one option is to be chosen");
    assert_eq!(reason(ben.vote(&id, &["maybe".into()]).await), "the poll has no such option");
    let now = host.poll(&id).await.unwrap();
    let votes: Vec<_> = now.multi_choice.options.iter().map(|option| option.votes_count).collect();
    assert_eq!((now.votes_count, &votes[..]), (2, &[1, 1][..]));
    while ada.state().active_poll.as_ref().is_none_or(|poll| poll.votes_count < 2) {
        next(&mut events).await;
    }
    let seen = ben.messages_page(&chatroom_client::wire::rest::MessagesQuery::default()).await.unwrap();
    let votes = seen.messages.0.iter().flatten().filter(|message| message.kind() == Kind::PollUserVote);
    assert_eq!(votes.filter(|vote| vote.user.custom_name == "ben").count(), 1);

    host.change_poll(&id, PollAction::Close).await.unwrap();
    assert_eq!(reason(ada.vote(&id, &[no]).await), "the poll takes no votes");
    assert_eq!(host.chatroom().await.unwrap().active_poll, None);
}

#[tokio::test]
async fn one_poll_runs_at_a_time_and_none_goes_back() {
    let memory = MemoryRoom::new();
    let host = memory.visitor(memory.admin_token("host"));
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(host.create_poll(&tea(PollKind::MultiChoice)).await.unwrap().id.unwrap());
    }
    host.change_poll(&ids[0], PollAction::Start).await.unwrap();
    let another = host.change_poll(&ids[1], PollAction::Start).await.unwrap_err();
    assert_eq!(another.to_string(), "the service answered 400: another poll is active");
    assert!(host.delete_poll(&ids[0]).await.is_err() && host.delete_poll(&ids[2]).await.is_ok());
    host.change_poll(&ids[0], PollAction::Close).await.unwrap();
    host.change_poll(&ids[1], PollAction::Start).await.unwrap();
    assert!(host.change_poll(&ids[0], PollAction::Start).await.is_err());
    let first = host.polls(None, Some(1)).await.unwrap();
    assert_eq!(first.polls[0].id.as_ref(), Some(&ids[1]), "the newest first");
    let second = host.polls(Some(&first.next_page_token), Some(1)).await.unwrap();
    assert_eq!((second.polls[0].id.as_ref(), &*second.next_page_token), (Some(&ids[0]), ""));
}

#[tokio::test(start_paused = true)]
async fn a_thousand_presses_with_texts_all_arrive() {
    let memory = MemoryRoom::new().with_counters(["cheer"]);
    let (room, mut events) = memory.join("ada").build().unwrap();
    joined(&mut events).await;
    let begin = Instant::now();
    let text = "\"\\".repeat(200);
    for _ in 0..1_000 {
        room.press("cheer", Some(&text)).await.unwrap();
    }
    assert!(!memory.messages().is_empty(), "a full batch does not wait: {:?}", begin.elapsed());
    room.leave().await;
    assert_eq!(memory.counter("cheer"), Some(1_000));
}

fn reason<T: std::fmt::Debug>(result: Result<T, DeliverError>) -> String {
    match result {
        Err(DeliverError::Failed { delivery: Delivery::Rejected(Rejection::Server { text, .. }), .. }) => {
            text.expect("the room says why")
        }
        other => panic!("{other:?}"),
    }
}
