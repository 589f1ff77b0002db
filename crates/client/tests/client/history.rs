//! The history as a stream: each message once, in both directions, whatever the service's bounds mean.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use chatroom_client::{
    CallError, History, HistoryError, Visitor,
    history::From,
    memory::MemoryRoom,
    wire::{Kind, Message, Time, Token},
};
use chatroom_testkit::within;
use futures_util::{FutureExt, StreamExt};
use serde_json::{Value, json};

use crate::service::{Asked, Service, json as answer};

/// A service that keeps messages.
#[derive(Clone)]
struct Log(Arc<Mutex<Kept>>);

struct Kept {
    /// When each was received, in milliseconds; its id is its place, its text too.
    times: Vec<u64>,
    /// What is no message, by its place.
    broken: Vec<usize>,
    inclusive: bool,
    /// The most that a page holds, whatever is asked for.
    most: usize,
    /// Whether each page may hold half of what the one before might, but always two: as one that is cut by its size.
    shrinking: bool,
    /// Answers that come before any page.
    trouble: Vec<&'static str>,
    /// So many messages are said after each page.
    busy: u64,
}

impl Log {
    fn new(times: impl IntoIterator<Item = u64>) -> Self {
        let kept = Kept {
            times: times.into_iter().collect(),
            broken: Vec::new(),
            inclusive: false,
            most: 100,
            shrinking: false,
            trouble: Vec::new(),
            busy: 0,
        };
        Self(Arc::new(Mutex::new(kept)))
    }

    fn with(self, change: impl FnOnce(&mut Kept)) -> Self {
        change(&mut self.kept());
        self
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().expect("nothing panics while it holds the log")
    }

    async fn serve(&self) -> (Service, Visitor) {
        let log = self.clone();
        let service = Service::start(move |asked| std::future::ready(log.page(&asked))).await;
        let visitor = Visitor::new(&service.rest(), Token::new("t"));
        (service, visitor)
    }

    fn page(&self, asked: &Asked) -> Vec<u8> {
        let mut kept = self.kept();
        if let Some(status) = kept.trouble.pop() {
            return answer(status, "{}");
        }
        let bound = |key: &str| asked.value(key).map(|time| time.parse::<Time>().expect("a bound is a time"));
        let (after, before) = (bound("after_at"), bound("before_at"));
        let limit = asked.value("limit").and_then(|limit| limit.parse::<usize>().ok()).expect("a limit is said");
        assert!((1..=100).contains(&limit), "no service takes a limit of {limit}");
        let inside = |place: &usize| {
            let at = time(kept.times[*place]);
            let after = after.is_none_or(|after| at > after || kept.inclusive && at == after);
            after && before.is_none_or(|before| at < before || kept.inclusive && at == before)
        };
        let all: Vec<usize> = (0..kept.times.len()).filter(inside).collect();
        let limit = limit.min(kept.most);
        if kept.shrinking {
            kept.most = (kept.most / 2).max(2);
        }
        let oldest = asked.value("from_oldest").is_some();
        let skipped = if oldest { 0 } else { all.len().saturating_sub(limit) };
        let page: Vec<Value> = all[skipped..].iter().take(limit).map(|place| kept.element(*place)).collect();
        for _ in 0..kept.busy {
            let last = kept.times.last().copied().unwrap_or_default();
            kept.times.push(last + 1);
        }
        answer("200 OK", &json!({ "messages": page }).to_string())
    }
}

impl Kept {
    fn element(&self, place: usize) -> Value {
        let at = time(self.times[place]);
        if self.broken.contains(&place) {
            return json!({ "id": place.to_string(), "received_at": at, "note": "there is no type" });
        }
        json!({ "id": place.to_string(), "type": 1, "received_at": at, "text_message": { "text": place.to_string() } })
    }
}

/// With three digits, as the vendor writes them: two messages may bear one time.
fn time(milliseconds: u64) -> Time {
    format!("2026-01-01T00:{:02}:{:02}.{:03}Z", milliseconds / 60_000, milliseconds / 1000 % 60, milliseconds % 1000)
        .parse()
        .expect("this is a time")
}

/// The places of all messages, in the stream's order.
async fn places(history: History) -> Vec<usize> {
    let items: Vec<_> = within("the history", history.collect()).await;
    items.into_iter().map(|item| place(&item.expect("all of it can be read"))).collect()
}

/// A message's text is its place.
fn place(message: &Message) -> usize {
    message.text().and_then(|text| text.parse().ok()).expect("the text is a number")
}

fn sorted(mut places: Vec<usize>) -> Vec<usize> {
    places.sort_unstable();
    places
}

#[tokio::test]
async fn every_message_is_told_once_in_both_directions_whatever_the_bounds_mean() {
    for inclusive in [false, true] {
        for (count, size) in [(1, 1), (1, 100), (99, 100), (100, 100), (101, 100), (250, 100), (250, 7), (9, 2), (9, 1)]
        {
            let log = Log::new(0..count).with(|kept| kept.inclusive = inclusive);
            let (_service, visitor) = log.serve().await;
            let all: Vec<usize> = (0..usize::try_from(count).unwrap()).collect();
            let forwards = places(visitor.history(From::Oldest).page_size(size)).await;
            assert_eq!(forwards, all, "{count} by {size}, inclusive: {inclusive}");
            let mut backwards = places(visitor.history(From::Newest).page_size(size)).await;
            backwards.reverse();
            assert_eq!(backwards, all, "{count} by {size}, inclusive: {inclusive}");
        }
    }
}

#[tokio::test]
async fn messages_of_one_time_are_not_lost_at_a_seam() {
    for inclusive in [false, true] {
        // Up to 60 messages bear one time, and pages of 50 end among them.
        for size in [50, 100] {
            let times = (0..600).map(|number| number / 60 * 60 + if number % 120 < 60 { 0 } else { number % 60 });
            let (_service, visitor) = Log::new(times).with(|kept| kept.inclusive = inclusive).serve().await;
            for from in [From::Oldest, From::Newest] {
                let told = places(visitor.history(from).page_size(size)).await;
                assert_eq!(sorted(told), (0..600).collect::<Vec<_>>(), "{from:?} by {size}, inclusive: {inclusive}");
            }
        }
    }
}

#[tokio::test]
async fn more_messages_of_one_time_than_a_page_holds_are_said_to_be_too_many() {
    for inclusive in [false, true] {
        for from in [From::Oldest, From::Newest] {
            let times = (0..20).chain(std::iter::repeat_n(20, 250)).chain(21..40);
            let (_service, visitor) = Log::new(times).with(|kept| kept.inclusive = inclusive).serve().await;
            let items: Vec<_> = within("the history", visitor.history(from).collect()).await;
            let errors: Vec<_> = items.iter().filter_map(|item| item.as_ref().err()).collect();
            assert_eq!(errors, [&HistoryError::Crowded(time(20))], "{from:?}, inclusive: {inclusive}");
            let told: Vec<usize> = items.iter().flatten().map(place).collect();
            assert!(sorted(told.clone()).windows(2).all(|two| two[0] < two[1]), "each once");
            for place in (0..20).chain(270..289) {
                assert!(told.contains(&place), "{place}");
            }
            assert!(told.len() >= 39 + 100, "{from:?}: {}", told.len());
        }
    }
}

#[tokio::test]
async fn a_service_that_gives_less_than_it_is_asked_for_is_read_to_its_end() {
    let (_service, visitor) = Log::new(0..90).with(|kept| kept.most = 20).serve().await;
    for from in [From::Oldest, From::Newest] {
        assert_eq!(sorted(places(visitor.history(from)).await), (0..90).collect::<Vec<_>>(), "{from:?}");
    }
}

#[tokio::test]
async fn reads_on_until_a_page_is_empty_though_pages_are_cut_short() {
    for inclusive in [false, true] {
        for from in [From::Oldest, From::Newest] {
            let log = Log::new(0..250).with(|kept| (kept.shrinking, kept.inclusive) = (true, inclusive));
            let (_service, visitor) = log.serve().await;
            let history = visitor.history(from).before(time(240));
            assert_eq!(sorted(places(history).await), (0..240).collect::<Vec<_>>(), "{from:?}, inclusive: {inclusive}");
        }
    }
}

#[tokio::test]
async fn a_cut_among_messages_of_one_time_ends_no_history() {
    // Three messages of one time, and the page holds two: the third can't be reached, what comes behind it can.
    let (_service, visitor) = Log::new([0, 1, 2, 2, 2, 3, 4]).with(|kept| kept.most = 2).serve().await;
    for from in [From::Oldest, From::Newest] {
        let items: Vec<_> = within("the history", visitor.history(from).collect()).await;
        let told: Vec<usize> = items.iter().flatten().map(place).collect();
        for place in [0, 1, 5, 6] {
            assert!(told.contains(&place), "{from:?}: {told:?}");
        }
        assert!(items.contains(&Err(HistoryError::Crowded(time(2)))), "{from:?}: {items:?}");
    }
}

#[tokio::test]
async fn the_newest_messages_are_all_told_though_a_short_page_ends_among_those_of_their_time() {
    for (count, most) in [(21, 20), (39, 20), (41, 20)] {
        // The last two bear one time.
        let times = (0..count - 1).chain([count - 2]);
        let (_service, visitor) = Log::new(times).with(|kept| kept.most = most).serve().await;
        let told = places(visitor.history(From::Oldest)).await;
        assert_eq!(told, (0..usize::try_from(count).unwrap()).collect::<Vec<_>>(), "{count} by {most}");
    }
}

#[tokio::test]
async fn bounds_are_exclusive_whatever_the_service_takes_them_for() {
    for inclusive in [false, true] {
        let (_service, visitor) = Log::new(0..300).with(|kept| kept.inclusive = inclusive).serve().await;
        for from in [From::Oldest, From::Newest] {
            let history = visitor.history(from).after(time(50)).before(time(260)).page_size(40);
            assert_eq!(sorted(places(history).await), (51..260).collect::<Vec<_>>(), "{from:?}");
        }
    }
}

#[tokio::test]
async fn an_empty_room_has_no_history() {
    let (mut service, visitor) = Log::new([]).serve().await;
    for from in [From::Oldest, From::Newest] {
        assert!(places(visitor.history(from)).await.is_empty());
    }
    assert_eq!(service.all_asked().len(), 2, "an empty page is the end");
}

#[tokio::test]
async fn forwards_it_ends_where_it_caught_up_though_the_room_goes_on() {
    let (mut service, visitor) = Log::new(0..250).with(|kept| kept.busy = 30).serve().await;
    let told = places(visitor.history(From::Oldest)).await;
    assert_eq!(told, (0..told.len()).collect::<Vec<_>>());
    // Three pages were full enough to go on; each of the questions let 30 more messages in.
    let asked = service.all_asked().len();
    assert!(told.len() >= 250 && asked <= 7, "{} messages by {asked} questions", told.len());
}

#[tokio::test]
async fn backwards_what_is_said_meanwhile_changes_nothing() {
    let (_service, visitor) = Log::new(0..250).with(|kept| kept.busy = 30).serve().await;
    let mut told = places(visitor.history(From::Newest)).await;
    told.reverse();
    assert_eq!(told, (0..250).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_page_that_fails_is_told_and_asked_for_again() {
    let log = Log::new(0..150).with(|kept| kept.trouble = vec!["503 Busy", "429 Too Many Requests"]);
    let (mut service, visitor) = log.serve().await;
    let mut history = visitor.history(From::Oldest);
    for expected in [429, 503] {
        let error = within("an error", history.next()).await.unwrap().unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(3)));
        assert!(matches!(&error, HistoryError::Page(CallError::Status { status, .. }) if *status == expected));
    }
    let mut told = Vec::new();
    for _ in 0..100 {
        told.push(within("a message", history.next()).await.unwrap().unwrap());
    }
    log.kept().trouble.push("500 Internal Server Error");
    assert!(within("an error", history.next()).await.unwrap().is_err());
    while let Some(message) = within("the rest", history.next()).await {
        told.push(message.unwrap());
    }
    let told: Vec<usize> = told.iter().map(place).collect();
    assert_eq!(told, (0..150).collect::<Vec<_>>());
    assert!(history.next().await.is_none(), "the end stays the end");
    let asked: Vec<_> = service.all_asked().iter().map(Asked::line).collect();
    assert!(asked[0] == asked[1] && asked[1] == asked[2] && asked[3] == asked[4], "{asked:?}");
}

#[tokio::test]
async fn what_is_no_message_is_told_as_such_once_and_in_its_place() {
    let log = Log::new(0..30).with(|kept| kept.broken = vec![9, 10, 20]);
    let (_service, visitor) = log.serve().await;
    for (from, size) in [(From::Oldest, 100), (From::Newest, 10)] {
        let items: Vec<_> = within("the history", visitor.history(from).page_size(size).collect()).await;
        let bad: Vec<usize> = (0..items.len())
            .filter(|place| matches!(&items[*place], Err(HistoryError::Unreadable(bad)) if bad.reason.contains("type")))
            .collect();
        let expected = if from == From::Oldest { [9, 10, 20] } else { [9, 19, 20] };
        assert_eq!((items.len(), &bad[..]), (30, &expected[..]), "{from:?}");
    }
}

#[tokio::test]
async fn a_service_that_minds_no_bounds_is_not_asked_for_ever() {
    let page = json!({ "messages": (0..100).map(|place| {
        json!({ "id": place.to_string(), "type": 1, "received_at": time(place), "text_message": { "text": "x" } })
    }).collect::<Vec<_>>() });
    let mut service = Service::json("200 OK", &page.to_string()).await;
    let visitor = Visitor::new(&service.rest(), Token::new("t"));
    for from in [From::Oldest, From::Newest] {
        let items: Vec<_> = within("the end", visitor.history(from).collect()).await;
        assert_eq!(items.len(), 101, "{from:?}");
        assert_eq!(items[100], Err(HistoryError::NoProgress));
        assert!(service.all_asked().len() <= 4);
    }
}

#[tokio::test]
async fn messages_without_times_are_told_and_lead_nowhere() {
    let page = json!({ "messages": [{ "id": "m", "type": 1, "text_message": { "text": "x" } }] });
    let service = Service::json("200 OK", &page.to_string()).await;
    let mut history = Visitor::new(&service.rest(), Token::new("t")).history(From::Newest);
    assert_eq!(history.next().await.unwrap().unwrap().text(), Some("x"));
    assert_eq!(history.next().await, Some(Err(HistoryError::NoProgress)));
    assert_eq!(history.next().await, None);
}

#[tokio::test]
async fn a_next_that_is_dropped_loses_nothing() {
    let (mut service, visitor) = Log::new(0..150).serve().await;
    let mut history = visitor.history(From::Oldest);
    let mut told = Vec::new();
    loop {
        // Polled once and dropped, again and again.
        match history.next().now_or_never() {
            Some(Some(message)) => told.push(place(&message.unwrap())),
            Some(None) => break,
            None => tokio::task::yield_now().await,
        }
    }
    assert_eq!(told, (0..150).collect::<Vec<_>>());
    assert_eq!(service.all_asked().len(), 3, "two pages, and the question for the newest");
}

#[tokio::test]
async fn a_room_in_memory_is_read_in_both_directions_by_types() {
    let memory = MemoryRoom::new();
    for number in 0..230 {
        memory.say("ben", &number.to_string());
        if number % 50 == 0 {
            memory.mute();
            memory.unmute();
        }
    }
    let (room, _events) = memory.join("ada").build().unwrap();
    let visitor = memory.visitor(memory.token("ada"));
    for (from, first) in [(From::Oldest, 0), (From::Newest, 229)] {
        for history in [room.history(from), visitor.history(from)] {
            let texts = places(history.types([Kind::Text])).await;
            assert_eq!((texts[0], texts.len()), (first, 230));
            assert_eq!(sorted(texts), (0..230).collect::<Vec<_>>());
        }
        let mutes: Vec<_> = visitor.history(from).types([Kind::Mute, Kind::Unmute]).collect().await;
        assert_eq!(mutes.len(), 10);
    }
}

#[tokio::test]
async fn a_history_of_a_room_keeps_it_joined_and_ends_with_it() {
    let memory = MemoryRoom::new();
    memory.say("ben", "hello");
    let (room, _events) = memory.join("ada").build().unwrap();
    let mut history = room.history(From::Newest);
    room.leave().await;
    assert_eq!(history.next().await, Some(Err(HistoryError::Page(CallError::Ended))));
    assert_eq!(history.next().await, None);
}
