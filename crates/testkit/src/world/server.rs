//! The server: a room by the real rules over the log, and connections by the real MQTT role. It can die at any moment.
//!
//! The parts of it: `turn` (what is said, judged and committed), `gateway` (connections), `fanout` (deliveries), `broker`
//! (what is kept for a client), `service` (REST calls).

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use chatroom_server::{
    Settings,
    filter::Lexicon,
    retention::{ClockRecord, RetentionClock},
    rules::{Author, Moment, Rules, Standing},
    store::RoomRecord,
};
use chatroom_wire::UserId;
use jiff::{SignedDuration, Timestamp};

use super::{
    air::Air,
    breach::Breach,
    broker::Kept,
    gateway::Conn,
    log::{Log, Stored},
    turn::{Said, Turn},
    wire::WireId,
};

/// The server and what it keeps.
#[derive(Debug)]
pub(crate) struct Server {
    /// When it is up again, if it is down.
    pub(crate) down_until: Option<Duration>,
    pub(crate) conns: BTreeMap<WireId, Conn>,
    /// Sessions of clients that are away, by client id.
    pub(crate) kept: BTreeMap<String, Kept>,
    pub(crate) log: Log,
    pub(crate) settings: Settings,
    pub(crate) rules: Rules,
    pub(crate) standing: Standing,
    pub(crate) words: Lexicon,
    pub(crate) queue: VecDeque<Said>,
    pub(crate) turn: Option<Turn>,
    /// What is committed and has not gone out yet, and when it does.
    pub(crate) batch: Vec<usize>,
    pub(crate) batch_due: Option<Duration>,
    /// The number before hidden messages that no common packet has reached over yet.
    pub(crate) open_from: Option<u64>,
    /// Who may connect under which client id; in real tokens this is signed.
    pub(crate) issued: BTreeMap<String, usize>,
    pub(crate) next_client_id: u64,
    /// How far its date is from the true one.
    pub(crate) offset: SignedDuration,
    /// By which messages expire, and what of it is on the disk.
    retention: RetentionClock,
    noted: Option<ClockRecord>,
    /// When it prunes next.
    prune_due: Duration,
    /// Whether the borders of a page belong to it.
    pub(crate) inclusive: bool,
}

impl Server {
    pub(crate) fn new(air: &mut Air) -> Self {
        let mut settings = Settings::default();
        if !air.ours {
            settings.rate_viewer = 1_000;
            settings.rate_viewer_bytes = settings.rate_viewer_burst;
        }
        let moment = Moment { monotonic: air.now, wall: air.date() };
        let retention = RetentionClock::resume(moment, None);
        Self {
            noted: Some(retention.record()),
            retention,
            prune_due: air.now + PRUNING,
            down_until: None,
            conns: BTreeMap::new(),
            kept: BTreeMap::new(),
            log: Log::default(),
            rules: Rules::new(&settings),
            settings,
            standing: Standing::new(RoomRecord::new("room".into(), air.date())),
            words: Lexicon::default(),
            queue: VecDeque::new(),
            turn: None,
            batch: Vec::new(),
            batch_due: None,
            open_from: None,
            issued: BTreeMap::new(),
            next_client_id: 0,
            offset: SignedDuration::ZERO,
            inclusive: !air.ours && air.dice.chance(50),
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.down_until.is_none()
    }

    /// Both of its clocks.
    pub(crate) fn moment(&self, air: &Air) -> Moment {
        Moment { monotonic: air.now, wall: self.date(air) }
    }

    pub(crate) fn date(&self, air: &Air) -> Timestamp {
        air.date() + self.offset
    }

    /// The process dies. What was being committed is committed or not; nobody hears of it. If the machine dies with it,
    /// links are not even closed.
    pub(crate) fn crash(&mut self, air: &mut Air, with_machine: bool, downtime: Duration) {
        air.note(|| format!("the server dies{}", if with_machine { " with its machine" } else { "" }));
        if let Some(turn) = self.turn.take()
            && air.dice.chance(50)
        {
            air.note(|| "what it was committing is on its disk".to_owned());
            let _ = self.store(air, turn);
        }
        // The vendor's broker is another machine, and may keep what it kept.
        let keeps = air.dice.chance(50);
        for (id, conn) in std::mem::take(&mut self.conns) {
            if keeps {
                self.keep(air, conn);
            }
            if with_machine {
                air.kill_silently(id);
            }
            air.drop_from_server(id);
        }
        if !keeps {
            self.kept.clear();
        }
        self.queue.clear();
        self.batch.clear();
        self.batch_due = None;
        self.open_from = None;
        self.down_until = Some(air.now + downtime);
    }

    /// It starts again, from what is committed.
    pub(crate) fn start(&mut self, air: &mut Air) {
        air.note(|| "the server is up".to_owned());
        self.down_until = None;
        self.rules = Rules::new(&self.settings);
        self.retention = RetentionClock::resume(self.moment(air), self.noted);
        self.prune(air);
        let last = self.log.all().iter().filter_map(Stored::at).max();
        self.rules.catch_up(last.map(chatroom_wire::Time::instant));
    }

    /// Removes what has expired, which nothing in a storm has: not even a day goes by.
    fn prune(&mut self, air: &mut Air) {
        self.prune_due = air.now + PRUNING;
        let trusted = self.retention.advance(self.moment(air));
        self.noted = Some(self.retention.record());
        let now = if air.breaks(Breach::TrustsClock) { self.date(air) } else { trusted };
        let expired = |stored: &&Stored| stored.at().is_some_and(|at| at.instant() < now - KEEP);
        if let Some(stored) = self.log.all().iter().find(expired) {
            let (id, age) = (stored.id.clone(), air.now.saturating_sub(stored.committed_at));
            air.violated(|| format!("{id} is pruned {} s after it was committed", age.as_secs()));
        }
    }

    /// The next thing it has to do by itself.
    pub(crate) fn due(&self) -> Option<Duration> {
        let conns = self.conns.values().filter_map(Conn::due).min();
        let turn = self.turn.as_ref().map(Turn::due);
        let prune = self.is_up().then_some(self.prune_due);
        [self.down_until, conns, turn, self.batch_due, prune].into_iter().flatten().min()
    }

    pub(crate) fn handle_timeout(&mut self, air: &mut Air) {
        if self.down_until.is_some_and(|at| at <= air.now) {
            self.start(air);
        }
        if self.turn.as_ref().is_some_and(|turn| turn.due() <= air.now) {
            self.commit(air);
        }
        if self.batch_due.is_some_and(|at| at <= air.now) {
            self.send_batch(air);
        }
        if self.is_up() && self.prune_due <= air.now {
            self.prune(air);
        }
        self.handle_conn_timeouts(air);
    }
}

/// For how long messages are kept.
const KEEP: SignedDuration = SignedDuration::from_hours(24 * 30);

/// How often the server looks for what has expired.
const PRUNING: Duration = Duration::from_secs(60);

/// The person behind a client.
pub(crate) fn author(user: &UserId) -> Author {
    Author {
        id: user.clone(),
        device_id: format!("{user}-device"),
        name: user.to_string(),
        is_admin: *user == host(),
        is_guest: false,
    }
}

/// Who moderates, and is no client here.
pub(crate) fn host() -> UserId {
    "host".into()
}
