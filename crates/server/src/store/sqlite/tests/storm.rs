//! The real store under the transitions of the storms: kills, full disks, and clocks that leap across restarts.

use std::time::Duration;

use chatroom_wire::Time;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::{
    retention::RetentionClock,
    rules::Moment,
    store::contract::{change, numbers},
};

const STORMS: u64 = 12;
const STEPS: u32 = 40;
const KEEP: History = History { age: Some(Duration::from_secs(30 * 24 * 3_600)), count: None };

#[tokio::test]
async fn nothing_that_was_acknowledged_is_lost_pruned_or_out_of_order() {
    for seed in 1..=STORMS {
        let mut storm = Storm::new(seed).await;
        for _ in 0..STEPS {
            storm.step().await;
        }
        storm.restart(None).await;
    }
}

struct Storm {
    seed: u64,
    dice: u64,
    bed: FileBed,
    store: SqliteStore,
    room: RoomId,
    /// Since the storm began; the date is this and `offset`.
    now: Duration,
    offset: SignedDuration,
    clock: RetentionClock,
    /// The ids in their order, and whether they are still to be seen.
    log: Vec<(String, bool)>,
    last: Option<Timestamp>,
}

impl Storm {
    async fn new(seed: u64) -> Self {
        let bed = FileBed::new();
        let store = bed.open().await;
        let room = make_room(&store, "r").await;
        let clock = RetentionClock::resume(Moment { monotonic: Duration::ZERO, wall: at(0) }, None);
        store.keep_clock(clock.record()).await.unwrap();
        let (now, offset) = (Duration::ZERO, SignedDuration::ZERO);
        Self { seed, dice: seed, bed, store, room, now, offset, clock, log: Vec::new(), last: None }
    }

    /// A number below this.
    fn draw(&mut self, below: u64) -> u64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % below
    }

    fn moment(&self) -> Moment {
        Moment { monotonic: self.now, wall: at(0) + self.now + self.offset }
    }

    async fn step(&mut self) {
        let passed = self.draw(600);
        self.now += Duration::from_secs(passed);
        match self.draw(12) {
            0..6 => {
                for _ in 0..=self.draw(4) {
                    let message = self.next();
                    assert!(self.append(message).await, "seed {}", self.seed);
                }
            }
            6 if !self.log.is_empty() => {
                let count = u64::try_from(self.log.len()).unwrap();
                let place = usize::try_from(self.draw(count)).unwrap();
                change(&self.store, &self.room, [Change::Delete(self.log[place].0.as_str().into())]).await;
                self.log[place].1 = false;
            }
            7 => {
                let leap = [25, 24 * 31, 24 * 400, -24 * 400, 0][usize::try_from(self.draw(5)).unwrap()];
                self.restart(Some(SignedDuration::from_hours(leap))).await;
            }
            8 => self.kill().await,
            9 => self.fill_the_disk().await,
            _ => {
                let trusted = self.clock.advance(self.moment());
                self.store.keep_clock(self.clock.record()).await.unwrap();
                let removed = self.store.prune(&self.room, KEEP, trusted).await.unwrap();
                assert_eq!(removed, 0, "seed {}: nothing is a month old", self.seed);
            }
        }
    }

    fn next(&mut self) -> NewMessage {
        let wall = self.moment().wall;
        let received_at = self.last.map_or(wall, |last| wall.max(last + SignedDuration::from_nanos(1)));
        NewMessage { received_at, ..text(&format!("m{}", self.draw(1 << 30)), 0) }
    }

    /// Answers whether it was taken.
    async fn append(&mut self, message: NewMessage) -> bool {
        let (id, stamp) = (message.id.to_string(), message.received_at);
        match self.store.append(&self.room, vec![message]).await {
            Ok(answers) => {
                assert_eq!(answers, [stored(u64::try_from(self.log.len()).unwrap() + 1)]);
                self.log.push((id, true));
                self.last = Some(stamp);
                true
            }
            Err(error) => {
                assert!(matches!(error, StoreError::Unavailable(_)), "seed {}: {error}", self.seed);
                false
            }
        }
    }

    /// The process is killed while it writes: the last write is there whole or not at all.
    async fn kill(&mut self) {
        let length = |bed: &FileBed| fs::metadata(bed.log()).unwrap().len();
        let before = length(&self.bed);
        let message = self.next();
        assert!(self.append(message).await);
        let after = length(&self.bed);
        let cut = if after > before { before + self.draw(after - before + 1) } else { after };
        self.bed = self.bed.as_left_by_a_kill(Some(cut));
        self.store = self.bed.open().await;
        if self.store.position(&self.room).await.unwrap().seq < u64::try_from(self.log.len()).unwrap() {
            self.log.pop();
        }
        self.resume().await;
    }

    async fn fill_the_disk(&mut self) {
        self.store.close().await;
        let connection = schema::open_writer(&self.bed.path()).unwrap();
        let pages: i64 = connection.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
        let path = self.bed.path();
        self.store = SqliteStore::start(connection, |_, damage| Readers::of_file(&path, damage)).unwrap();
        let large = NewMessage { json: format!("{{\"x\":\"{}\"}}", "x".repeat(200_000)).into(), ..self.next() };
        assert!(!self.append(large).await, "seed {}: there is no room for it", self.seed);
        self.restart(None).await;
    }

    async fn restart(&mut self, leap: Option<SignedDuration>) {
        self.store.keep_clock(self.clock.record()).await.unwrap();
        self.store.close().await;
        self.offset = leap.unwrap_or(self.offset);
        self.store = self.bed.open().await;
        self.resume().await;
    }

    /// All that was acknowledged is there, in its order.
    async fn resume(&mut self) {
        self.clock = RetentionClock::resume(self.moment(), self.store.found().clock);
        self.last = self.store.position(&self.room).await.unwrap().received_at;
        let (mut seen, mut after_at) = (Vec::new(), None);
        loop {
            let query = MessagesQuery { after_at, from_oldest: true, limit: Some(7), ..MessagesQuery::default() };
            let page = self.store.messages(&self.room, &"ada".into(), query).await.unwrap();
            let Some(last) = page.last() else { break };
            let id = self.log[usize::try_from(last.seq).unwrap() - 1].0.as_str().into();
            after_at = Some(self.stamp(&id));
            seen.extend(numbers(&page));
        }
        let there = (1..).zip(&self.log).filter(|(_, (_, is_there))| *is_there);
        assert_eq!(seen, there.map(|(seq, _)| seq).collect::<Vec<u64>>(), "seed {}", self.seed);
    }

    /// The stamp of a message as its row has it.
    fn stamp(&self, id: &MessageId) -> Time {
        let path = self.bed.path();
        let reader = schema::open_reader(&path).unwrap();
        let statement = "SELECT received_at FROM message WHERE id = ?1";
        let stamp: i64 = reader.query_row(statement, [id.as_str()], |row| row.get(0)).unwrap();
        Time::nanoseconds(stamp::read(stamp))
    }
}
