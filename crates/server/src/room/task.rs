//! The task of one room: its loop, its clock, and how it goes to sleep.

use std::{sync::Arc, time::Duration};

use chatroom_wire::{Message, RoomId, envelope};
use rand::RngExt as _;
use tokio::{sync::mpsc, time::sleep_until};
use tracing::{debug, warn};

use super::{Bed, People, Publish, Tools, act::Ask, names::Names, news::News, notice, shown::Shown};
use crate::{
    bus::Item,
    presence::Presence,
    rules::{Rules, Standing},
    store::{Position, RoomRecord, StoreError},
};

/// How many messages one turn takes at most.
const TURN: usize = 512;

/// How often who is quiet is forgotten.
const HOUSEKEEPING: Duration = Duration::from_secs(600);

/// Serves one room until nobody has used it for a while.
pub(super) async fn run(
    bed: Bed,
    tools: Tools,
    mut said: mpsc::Receiver<Publish>,
    mut moves: mpsc::UnboundedReceiver<People>,
    mut asks: mpsc::Receiver<Ask>,
) {
    // What is said must be stored and answered before the server ends.
    let _busy = tools.stop.busy();
    let mut room = Room::new(bed.room.clone(), tools);
    let mut turn = Vec::new();
    loop {
        let due = room.tools.clock.instant(room.poll_timeout());
        tokio::select! {
            taken = said.recv_many(&mut turn, TURN) => {
                if taken == 0 {
                    break;
                }
                room.turn(&mut turn).await;
            }
            Some(ask) = asks.recv() => room.asked(ask).await,
            Some(people) = moves.recv() => room.moved(people).await,
            () = sleep_until(due) => {}
        }
        room.handle_timeout().await;
        room.send().await;
        if room.may_sleep() {
            bed.lie_down(|| said.is_empty() && asks.is_empty() && moves.is_empty());
        }
    }
    room.tell_the_rest().await;
    room.send().await;
    debug!(room = %room.id, "the room sleeps");
}

/// What the task knows.
pub(super) struct Room {
    pub(super) id: RoomId,
    pub(super) rules: Rules,
    /// The room as the store has it; none until it is read, and when somebody else has written.
    pub(super) standing: Option<Standing>,
    /// The same as it is shown, until it changes.
    pub(super) shown: Shown,
    pub(super) names: Names,
    /// How many polls there are, once they were counted.
    pub(super) polls: Option<usize>,
    /// After the store failed, all is refused until the time that was said: else what was sent behind a refused message
    /// overtakes it.
    pub(super) store_refuses_until: Duration,
    pub(super) presence: Presence,
    pub(super) news: News,
    pub(super) outgoing: Vec<Item>,
    housekeeping: Duration,
    /// When to look again whether what is pinned has expired.
    pub(super) pins_due: Duration,
    pub(super) idle_since: Duration,
    pub(super) tools: Tools,
}

impl Room {
    fn new(id: RoomId, tools: Tools) -> Self {
        let now = tools.clock.monotonic();
        Self {
            id,
            rules: Rules::new(&tools.settings),
            standing: None,
            shown: Shown::default(),
            names: Names::default(),
            polls: None,
            store_refuses_until: Duration::ZERO,
            presence: Presence::new(&tools.settings),
            news: News::new(&tools.settings, now),
            outgoing: Vec::new(),
            housekeeping: now,
            pins_due: now,
            idle_since: now,
            tools,
        }
    }

    /// Reads how the room is and where its log ends, unless that is known.
    pub(super) async fn catch_up(&mut self) -> Result<&mut Standing, StoreError> {
        if self.standing.is_none() {
            let read = self.read().await;
            let (position, record) =
                read.inspect_err(|error| warn!(room = %self.id, %error, "the room can't be read"))?;
            self.rules.catch_up(position.received_at);
            self.standing = Some(Standing::new(record));
            self.forget();
        }
        self.standing.as_mut().ok_or_else(|| StoreError::NoSuchRoom(self.id.clone()))
    }

    async fn read(&self) -> Result<(Position, RoomRecord), StoreError> {
        let position = self.tools.store.position(&self.id).await?;
        let record = self.tools.store.room(&self.id).await?;
        Ok((position, record.ok_or_else(|| StoreError::NoSuchRoom(self.id.clone()))?))
    }

    /// Forgets what was read: somebody else has written.
    pub(super) fn forget_all(&mut self) {
        self.standing = None;
        self.names = Names::default();
        self.forget();
    }

    fn forget(&mut self) {
        self.shown = Shown::default();
        self.polls = None;
    }

    async fn moved(&mut self, people: People) {
        let now = self.tools.clock.now();
        self.idle_since = now.monotonic;
        // So that it is known whether the number of viewers is shown. Whoever comes in does so all the same.
        let caught_up = self.catch_up().await.is_ok();
        match people {
            People::Enter(author) => {
                let due = self.presence.enter(now.monotonic, &author.id) && caught_up;
                if caught_up && self.learn_name(&author.id).await.is_ok() {
                    let name = self.names.of(&author.id).unwrap_or(&author.name);
                    self.rules.goes_by(&author.id, name);
                    if !due {
                        return;
                    }
                    let entrance = notice::entrance(&author, name);
                    self.announce(entrance);
                }
            }
            People::Leave(user) => self.presence.leave(now.monotonic, &user),
        }
    }

    /// When [`Room::handle_timeout`] has something to do.
    fn poll_timeout(&self) -> Duration {
        let news = self.news_due();
        // Who has something to tell does not sleep before it is told.
        let next = news.unwrap_or_else(|| self.idle_since + self.tools.settings.room_idle);
        next.min(self.housekeeping).min(self.presence.poll_timeout().unwrap_or(Duration::MAX))
    }

    /// Does what is due.
    async fn handle_timeout(&mut self) {
        let now = self.tools.clock.now();
        if let Some(numbers) = self.presence.handle_timeout(now.monotonic) {
            self.announce(notice::broadcast(numbers, now.wall));
        }
        self.tell_news(now).await;
        if now.monotonic >= self.housekeeping {
            self.housekeeping = now.monotonic + HOUSEKEEPING;
            self.rules.forget_the_quiet(now.monotonic);
            self.names = Names::default();
        }
    }

    /// Whether nobody has used the room for a while and nothing is left to tell. Asks again only after another while.
    fn may_sleep(&mut self) -> bool {
        let now = self.tools.clock.monotonic();
        let idle = now >= self.idle_since + self.tools.settings.room_idle && self.news_due().is_none();
        if idle {
            self.idle_since = now;
        }
        idle
    }

    /// Says something that is not stored.
    pub(super) fn announce(&mut self, mut message: Message) {
        let now = self.tools.clock.now();
        self.rules.stamp_own(now, &mut message, &mut random);
        self.outgoing.push(Item {
            json: envelope::encode(&message).into(),
            seq: None,
            only: None,
            again: false,
            repeats: None,
            deletes: None,
        });
    }

    /// Hands what there is to say to the bus.
    pub(super) async fn send(&mut self) {
        if !self.outgoing.is_empty() {
            self.tools.bus.publish(&self.id, Arc::from(std::mem::take(&mut self.outgoing))).await;
        }
    }
}

pub(super) fn random() -> [u8; 10] {
    rand::rng().random()
}
