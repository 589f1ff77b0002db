//! A client's core and a broker under a clock of the test's own. The bytes between them are real MQTT.

use std::{collections::VecDeque, time::Duration};

use chatroom_client::{
    Cause, Draft, End, Event, Limits, LinkError, ReasonCode,
    wire::{Config, MessageId, envelope},
};
use chatroom_mqtt::{Accept, ServerEvent, ServerOptions, ServerOutput, ServerRole};
use chatroom_session::{Access, Input, LinkId, Now, Options, Output, Session};
use chatroom_testkit::{config_file::details, token};
use jiff::Timestamp;

pub(super) const SECOND: Duration = Duration::from_secs(1);

/// What the broker does with a CONNECT.
#[derive(Clone, Copy, Debug)]
pub(super) enum Connack {
    /// It never answers.
    Silence,
    /// It accepts.
    Accept,
    /// It accepts, and closes the link at once without a word.
    AcceptThenCut,
    /// It accepts, grants the subscription, and sends a DISCONNECT.
    GrantThenDisconnect(ReasonCode),
}

/// How the broker behaves.
pub(super) struct Conduct {
    /// What it does with which CONNECT, from 0.
    pub(super) connack: Box<dyn Fn(usize) -> Connack>,
    /// Whether it answers a SUBSCRIBE.
    pub(super) suback: bool,
    /// Whether it answers a PUBLISH.
    pub(super) puback: bool,
    /// Whether it says anything at all.
    pub(super) speaks: bool,
    /// Whether it keeps sessions over the end of a link.
    pub(super) remembers: bool,
}

/// What the broker saw.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Seen {
    Connect,
    Subscribe(String),
    Publish(MessageId),
    /// The client said DISCONNECT.
    Disconnect(ReasonCode),
    /// The client dropped the link.
    Hangup,
}

pub(super) struct Bench {
    pub(super) now: Duration,
    pub(super) conduct: Conduct,
    pub(super) seen: Vec<(Duration, Seen)>,
    pub(super) events: Vec<Event>,
    /// Whether which CONNECT asked for a clean start.
    pub(super) clean_starts: Vec<bool>,
    session: Session,
    link: Option<(LinkId, ServerRole)>,
    inbox: VecDeque<Input>,
    /// When the session wants to be woken.
    deadline: Option<Duration>,
}

impl Conduct {
    /// A broker that works.
    pub(super) fn good() -> Self {
        Self { connack: Box::new(|_| Connack::Accept), suback: true, puback: true, speaks: true, remembers: false }
    }
}

impl Bench {
    /// A session that starts now, by a config alone.
    pub(super) fn new(seed: u64, conduct: Conduct) -> Self {
        Self::bounded(seed, conduct, Limits::default())
    }

    /// The same with other limits.
    pub(super) fn bounded(seed: u64, conduct: Conduct, limits: Limits) -> Self {
        let config = details("room.example", &token::expiring_at(4_000_000_000)).to_string();
        let config = Config::from_json(config.as_bytes()).expect("the details of the test are a config");
        let mut options = Options::new(Access::Config(Box::new(config)));
        options.seed = seed;
        options.limits = limits;
        let mut bench = Self {
            now: Duration::ZERO,
            conduct,
            seen: Vec::new(),
            events: Vec::new(),
            clean_starts: Vec::new(),
            session: Session::new(options),
            link: None,
            inbox: VecDeque::new(),
            deadline: None,
        };
        bench.hand_in(Input::Start);
        bench
    }

    /// Lets time pass until `until` is so.
    ///
    /// # Panics
    /// If it is not so within a day.
    pub(super) fn run_until(&mut self, what: &str, until: impl Fn(&Self) -> bool) {
        while !until(self) {
            let next = self.deadline.filter(|at| *at < SECOND * 24 * 3600);
            self.now = self.now.max(next.unwrap_or_else(|| panic!("no {what}: {:?}", self.events)));
            self.hand_in(Input::Timeout);
        }
    }

    pub(super) fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(next) = self.deadline.filter(|at| *at <= end) {
            self.now = self.now.max(next);
            self.hand_in(Input::Timeout);
        }
        self.now = end;
    }

    /// When the session wants to be woken.
    pub(super) fn due(&self) -> Duration {
        self.deadline.unwrap_or(Duration::MAX)
    }

    /// The time has come.
    pub(super) fn wake(&mut self, now: Duration) {
        self.now = now;
        self.hand_in(Input::Timeout);
    }

    pub(super) fn send(&mut self, text: &str) -> MessageId {
        let id = self.session.send(self.clocks(), Draft::from(text)).expect("the outbox has room");
        self.drain();
        while let Some(input) = self.inbox.pop_front() {
            self.hand_in(input);
        }
        id
    }

    /// The link, if there is one, ends without a word.
    pub(super) fn cut(&mut self) {
        if let Some((id, _)) = self.link.take() {
            self.hand_in(Input::LinkClosed(id, LinkError::Closed));
        }
    }

    /// When each CONNECT came.
    pub(super) fn connects(&self) -> Vec<Duration> {
        self.times(|seen| matches!(seen, Seen::Connect))
    }

    pub(super) fn times(&self, look: impl Fn(&Seen) -> bool) -> Vec<Duration> {
        self.seen.iter().filter(|(_, seen)| look(seen)).map(|(at, _)| *at).collect()
    }

    pub(super) fn count(&self, look: impl Fn(&Seen) -> bool) -> usize {
        self.times(look).len()
    }

    /// How often the room was joined.
    pub(super) fn joins(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::Joined { .. })).count()
    }

    /// What interrupted the session, and how long it chose to wait.
    pub(super) fn interruptions(&self) -> Vec<(Cause, Duration)> {
        let interruption = |event: &Event| match event {
            Event::Interrupted { cause, retry_in } => Some((cause.clone(), *retry_in)),
            _ => None,
        };
        self.events.iter().filter_map(interruption).collect()
    }

    pub(super) fn end(&self) -> Option<&End> {
        self.events.iter().find_map(|event| match event {
            Event::Ended(end) => Some(end),
            _ => None,
        })
    }

    fn clocks(&self) -> Now {
        let epoch: Timestamp = "2026-01-01T00:00:00Z".parse().expect("it is a date");
        Now { mono: self.now, wall: epoch + self.now }
    }

    fn hand_in(&mut self, input: Input) {
        self.inbox.push_back(input);
        while let Some(input) = self.inbox.pop_front() {
            self.session.handle_input(self.clocks(), input);
            self.drain();
        }
    }

    fn drain(&mut self) {
        loop {
            match self.session.poll_output() {
                Output::Connect { link, .. } => {
                    self.link = Some((link, ServerRole::new(self.now, ServerOptions::default())));
                    self.inbox.push_back(Input::LinkOpened(link));
                }
                Output::Send { link, bytes } => self.received(link, &bytes),
                Output::Disconnect(link) => {
                    if self.link.take_if(|(id, _)| *id == link).is_some() {
                        self.seen.push((self.now, Seen::Hangup));
                    }
                }
                Output::Event(event) => self.events.push(event),
                Output::Timeout(deadline) => {
                    self.deadline = deadline.map(|(at, _)| at);
                    return;
                }
                other => panic!("a config alone wants no {other:?}"),
            }
        }
    }

    /// The broker hears these bytes, and answers.
    fn received(&mut self, link: LinkId, bytes: &[u8]) {
        let Some((_, role)) = self.link.as_mut().filter(|(id, _)| *id == link) else { return };
        role.receive(self.now, bytes);
        while let Some(output) = self.link.as_mut().and_then(|(_, role)| role.poll_output()) {
            match output {
                ServerOutput::Send(bytes) if self.conduct.speaks => {
                    self.inbox.push_back(Input::LinkReceived(link, bytes));
                }
                ServerOutput::Send(_) => {}
                ServerOutput::Event(event) => self.react(link, event),
                // Ours has said what there is to say; the client drops the link.
                ServerOutput::Close(_) => return,
            }
        }
    }

    fn react(&mut self, link: LinkId, event: ServerEvent) {
        let Some((_, role)) = &mut self.link else { return };
        let now = self.now;
        let connects = self.seen.iter().filter(|(_, seen)| *seen == Seen::Connect).count();
        let (seen, cut) = match event {
            ServerEvent::Connect(connect) => {
                let connack = (self.conduct.connack)(connects);
                self.clean_starts.push(connect.clean_start);
                if !matches!(connack, Connack::Silence) {
                    let remembers = self.conduct.remembers;
                    let session_expiry = if remembers { connect.session_expiry } else { 0 };
                    let accept =
                        Accept { session_present: remembers, session_expiry, ..Accept::new(connect.keep_alive) };
                    role.accept(now, accept);
                }
                (Seen::Connect, matches!(connack, Connack::AcceptThenCut))
            }
            ServerEvent::Subscribe { id, filters } => {
                if self.conduct.suback {
                    role.suback(now, id, &[ReasonCode::SUCCESS], None);
                }
                if let Connack::GrantThenDisconnect(reason) = (self.conduct.connack)(connects.saturating_sub(1)) {
                    role.disconnect(now, reason, None);
                }
                (Seen::Subscribe(filters[0].0.clone()), false)
            }
            ServerEvent::Publish(publish) => {
                if let Some(id) = publish.id.filter(|_| self.conduct.puback) {
                    role.puback(now, id, ReasonCode::SUCCESS, None, &[]);
                }
                let message = envelope::decode(&publish.payload).expect("it is JSON").remove(0).expect("a message");
                (Seen::Publish(message.id.expect("own messages have ids")), false)
            }
            ServerEvent::Disconnect { reason } => (Seen::Disconnect(reason), false),
            other => panic!("a client of ours does not send {other:?}"),
        };
        self.seen.push((now, seen));
        if cut {
            // What the broker said before it went is heard first.
            while let Some(ServerOutput::Send(bytes)) = role.poll_output() {
                self.inbox.push_back(Input::LinkReceived(link, bytes));
            }
            self.link = None;
            self.inbox.push_back(Input::LinkClosed(link, LinkError::Closed));
        }
    }
}
