//! A room's task on the real store and the real bus.
//!
//! - [`mirror`]: the room in memory is the room in the store; [`plans`]: what acts come to

mod mirror;
mod plans;

use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use chatroom_wire::{Kind, Payload, User};
use futures_util::FutureExt as _;
use jiff::ToSpan as _;

use super::{
    act::{ActError, Deed, Done},
    *,
};
use crate::{
    bus::{Batch, BusFuture, LocalBus, Received, Subscription},
    store::{Audience, Change, NewMessage, NewRoom, SqliteStore, StoreError},
};

struct Bench {
    rooms: Rooms,
    tools: Tools,
}

const ROOM: &str = "room";

impl Bench {
    async fn new(settings: &[(&str, &str)]) -> Self {
        let mut all = Settings::default();
        for (key, value) in settings {
            all.set(key, value).unwrap();
        }
        let clock = Clock::start();
        let store = SqliteStore::in_memory().unwrap();
        let new = NewRoom {
            id: ROOM.into(),
            custom_counters: vec!["like".to_owned()],
            created_at: clock.now().wall - 1.hour(),
        };
        store.create_room(new).await.unwrap();
        let tools = Tools {
            settings: Arc::new(all),
            store: Arc::new(store),
            lexicon: Arc::default(),
            bus: Arc::new(LocalBus::new()),
            bars: Arc::default(),
            clock,
            stop: Arc::new(Stop::new()),
        };
        Self { rooms: Rooms::new(), tools }
    }

    fn room(&self) -> RoomHandle {
        self.rooms.handle(&ROOM.into(), || self.tools.clone())
    }

    fn is_awake(&self) -> bool {
        !self.rooms.awake.lock().unwrap().rooms.is_empty()
    }

    async fn listen(&self) -> Subscription {
        self.tools.bus.subscribe(&ROOM.into()).await
    }
}

fn somebody(id: &str) -> Author {
    Author { id: id.into(), device_id: "phone".to_owned(), name: id.to_owned(), is_admin: true, is_guest: false }
}

/// Presses the counter once, without waiting for an answer.
async fn press(room: &RoomHandle) {
    let payload = r#"{"type": "INTERACTION_TYPE_CUSTOM", "custom_message": {"incr": {"key": "like", "value": 1}}}"#;
    let said = Said::Payload(Bytes::from_static(payload.as_bytes()));
    room.publishes().send(Publish { author: Arc::new(somebody("ada")), said, answer: None }).await.unwrap();
}

/// The next value of the counter that is told.
async fn told(listener: &mut Subscription) -> i64 {
    loop {
        let Some(Received::Batch(batch)) = listener.recv().await else { panic!("nothing is missed") };
        for item in batch.iter() {
            let message: chatroom_wire::Message = serde_json::from_slice(&item.json).unwrap();
            if let Payload::CustomCounterUpdate(counter) = message.payload {
                assert_eq!((item.seq, &item.only), (None, &None));
                return counter.value;
            }
        }
    }
}

#[tokio::test]
async fn an_act_is_answered_after_it_was_announced() {
    let bench = Bench::new(&[]).await;
    let mut listener = bench.listen().await;
    assert_eq!(bench.room().act(somebody("boss"), Deed::Mute(true)).await.unwrap(), Done::Nothing);
    let Some(Some(Received::Batch(batch))) = listener.recv().now_or_never() else { panic!("it was not announced") };
    let message: chatroom_wire::Message = serde_json::from_slice(&batch[0].json).unwrap();
    assert_eq!((message.kind(), batch[0].seq, batch.len()), (Kind::Mute, Some(1), 1));
    assert!(bench.room().chatroom().await.unwrap().muted);
    assert!(bench.tools.store.room(&ROOM.into()).await.unwrap().unwrap().muted);
}

#[tokio::test]
async fn when_somebody_else_has_written_nothing_is_done_and_the_room_is_read_anew() {
    let bench = Bench::new(&[]).await;
    let room = bench.room();
    assert!(!room.chatroom().await.unwrap().muted);
    let theirs = NewMessage {
        id: "theirs".into(),
        user: "eve".into(),
        kind: Kind::Mute,
        received_at: bench.tools.clock.now().wall + 1.hour(),
        json: Bytes::from_static(b"{}"),
        audience: Audience::Everyone,
        changes: vec![Change::Muted(true)],
    };
    bench.tools.store.append(&ROOM.into(), vec![theirs]).await.unwrap();
    let block = || Deed::Block(User { id: Some("bob".into()), ..User::default() });
    let error = room.act(somebody("boss"), block()).await.unwrap_err();
    assert!(matches!(error, ActError::Store(StoreError::OutOfOrder(_))), "{error}");
    let state = room.chatroom().await.unwrap();
    assert_eq!((state.muted, state.blocked_users.len()), (true, 0));
    room.act(somebody("boss"), block()).await.unwrap();
    let state = room.chatroom().await.unwrap();
    assert_eq!((state.muted, state.blocked_users.len()), (true, 1));
}

/// Breaks what it is used by, once.
#[derive(Default)]
struct Broken {
    bus: LocalBus,
    is_used: AtomicBool,
}

impl Bus for Broken {
    fn publish(&self, room: &RoomId, batch: Batch) -> BusFuture<'_, ()> {
        assert!(self.is_used.swap(true, Ordering::Relaxed), "the first one breaks");
        self.bus.publish(room, batch)
    }

    fn subscribe(&self, room: &RoomId) -> BusFuture<'_, Subscription> {
        self.bus.subscribe(room)
    }
}

#[tokio::test]
async fn a_room_whose_task_broke_is_woken_anew_with_all_that_was_committed() {
    let mut bench = Bench::new(&[]).await;
    bench.tools.bus = Arc::new(Broken::default());
    let error = bench.room().act(somebody("boss"), Deed::Mute(true)).await.unwrap_err();
    assert!(matches!(error, ActError::Stopped), "{error}");
    assert!(bench.room().chatroom().await.unwrap().muted);
    bench.room().act(somebody("boss"), Deed::Mute(false)).await.unwrap();
    assert!(!bench.room().chatroom().await.unwrap().muted);
}

#[tokio::test]
async fn a_room_that_is_not_there_can_not_be_acted_in() {
    let bench = Bench::new(&[]).await;
    let nowhere = bench.rooms.handle(&"nowhere".into(), || bench.tools.clone());
    let error = nowhere.act(somebody("boss"), Deed::Mute(true)).await.unwrap_err();
    assert!(matches!(error, ActError::Store(StoreError::NoSuchRoom(_))), "{error}");
    assert!(matches!(nowhere.chatroom().await, Err(ActError::Store(StoreError::NoSuchRoom(_)))));
}

#[tokio::test(start_paused = true)]
async fn a_room_does_not_sleep_before_it_has_told_its_news_and_an_act_wakes_it() {
    let bench = Bench::new(&[("room.idle", "1s"), ("counter.interval", "60s")]).await;
    let mut listener = bench.listen().await;
    let room = bench.room();
    press(&room).await;
    assert_eq!(told(&mut listener).await, 1);
    let first = tokio::time::Instant::now();
    press(&room).await;
    press(&room).await;
    drop(room);
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert!(bench.is_awake());
    assert_eq!(told(&mut listener).await, 3);
    assert!(first.elapsed() >= Duration::from_secs(59), "it was told at its time");
    while bench.is_awake() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    bench.room().act(somebody("boss"), Deed::Mute(true)).await.unwrap();
    assert!(bench.is_awake());
    assert_eq!(bench.room().chatroom().await.unwrap().custom_counters[0].value, 3);
}

#[tokio::test]
async fn when_the_server_stops_no_room_is_woken_and_those_awake_tell_the_rest() {
    let bench = Bench::new(&[("counter.interval", "1h")]).await;
    let mut listener = bench.listen().await;
    let room = bench.room();
    press(&room).await;
    assert_eq!(told(&mut listener).await, 1);
    bench.rooms.close();
    press(&room).await;
    let late = bench.room();
    assert!(matches!(late.act(somebody("boss"), Deed::Mute(true)).await, Err(ActError::Stopped)));
    assert!(matches!(late.chatroom().await, Err(ActError::Stopped)));
    drop(room);
    assert_eq!(told(&mut listener).await, 2);
}
