//! A session core, steered by the bytes through links, calls, disks and clocks.
//!
//! Here is no service with rules of its own: whatever the bytes say happens, in any order, the same answer twice or
//! never. Only what the session itself promises is checked, after each step:
//!
//! - an output for each input, in bounds, and nothing after the end
//! - what was taken is told as queued once, and ends once
//! - no message is told twice
//! - with an outbox on disk, nothing is told or sent before it is written
//! - a deadline that was served lies ahead
//! - no credentials in what is printed

mod service;
mod told;

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use chatroom_mqtt::ServerRole;
use chatroom_session::{
    ApiRequest, Call, CallAnswer, CallError, CallId, Draft, Entry, Event, Input, Kept, LinkError, LinkId, Now, Options,
    Output, Session, Verb, WriteId,
};
use chatroom_wire::rest::ErrorBody;

use crate::bytes_in::BytesIn;
use told::Told;

/// The most steps of one storm: beyond, more bytes bring nothing new.
const STEPS: usize = 400;

/// Carries out what the bytes say.
///
/// # Panics
/// When a promise is broken.
pub fn check(data: &[u8]) {
    // Who says a secret aloud hears it.
    if service::SECRETS.iter().any(|secret| data.windows(secret.len()).any(|window| window == secret.as_bytes())) {
        return;
    }
    let mut input = BytesIn(data);
    let mut stage = Stage::new(input.byte(), Vec::new());
    for _ in 0..STEPS {
        if input.is_empty() {
            break;
        }
        stage.step(&mut input);
    }
    stage.calm();
}

/// One session, and all that it waits for.
struct Stage {
    session: Session,
    now: Now,
    kind: u8,
    links: Vec<Link>,
    /// Calls that wait, and a few that were answered: an answer may come twice.
    calls: VecDeque<(CallId, Call)>,
    writes: VecDeque<(WriteId, Entry)>,
    disk: Vec<Kept>,
    deadline: Option<Duration>,
    told: Told,
    /// How often the program was begun anew.
    lives: u8,
    messages: u32,
}

struct Link {
    id: LinkId,
    role: ServerRole,
    subscribed: bool,
    seq: u64,
}

/// With an outbox on disk.
const DURABLE: u8 = 1;
/// By a config alone.
const CONFIG_ALONE: u8 = 2;
/// Wants messages of the past.
const HISTORY: u8 = 4;
/// Gives up some time.
const IMPATIENT: u8 = 8;

impl Stage {
    fn new(kind: u8, kept: Vec<Kept>) -> Self {
        let now = Now { mono: Duration::ZERO, wall: service::epoch() };
        let mut stage = Self {
            session: Session::new(options(kind, 0, &kept, now)),
            now,
            kind,
            links: Vec::new(),
            calls: VecDeque::new(),
            writes: VecDeque::new(),
            told: Told::new(kind & DURABLE != 0, &kept),
            disk: kept,
            deadline: None,
            lives: 0,
            messages: 0,
        };
        stage.input(Input::Start);
        stage
    }

    fn step(&mut self, input: &mut BytesIn<'_>) {
        match input.byte() % 20 {
            // What a good world does is as likely as all that may go wrong.
            0 | 1 => self.open_link(input.byte()),
            2..=4 => self.serve(input.byte()),
            5 => self.answer_call(input),
            6 => self.answer_all(),
            7 => self.written(input.byte()),
            8 => self.lose_link(input),
            9 => self.deliver(input),
            10 => self.garbage(input),
            11 => self.send(input),
            12 => self.wait(Duration::from_millis(u64::from(input.byte()) * 100)),
            13 => self.wait_for_deadline(),
            14 => self.jump(input.byte()),
            15 => self.input(Input::Retry),
            16 => self.ask(),
            17 => self.press(input.byte()),
            18 if self.lives < 3 && input.byte() < 16 => self.begin_anew(),
            19 if input.byte() < 8 => self.input(Input::Close),
            _ => self.wait_for_deadline(),
        }
    }

    fn input(&mut self, input: Input) {
        self.session.handle_input(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        for outputs in 0.. {
            assert!(outputs < 20_000, "the session does not come to rest");
            let output = self.session.poll_output();
            self.told.check(&output);
            match output {
                Output::Connect { link, .. } => {
                    let role = ServerRole::new(self.now.mono, chatroom_mqtt::ServerOptions::default());
                    assert!(self.links.len() < 64, "a session has few links at once");
                    self.links.push(Link { id: link, role, subscribed: false, seq: 0 });
                }
                Output::Send { link, bytes } => {
                    if let Some(link) = self.links.iter_mut().find(|other| other.id == link) {
                        link.role.receive(self.now.mono, &bytes);
                    }
                }
                Output::Disconnect(link) => self.links.retain(|other| other.id != link),
                Output::Write { ticket, entry } => self.writes.push_back((ticket, entry)),
                Output::Call { id, call, .. } => self.calls.push_back((id, call)),
                Output::Answered { .. } | Output::Event(_) => {}
                Output::Timeout(deadline) => {
                    self.deadline = deadline.map(|(at, _)| at);
                    break;
                }
            }
        }
        assert!(self.session.messages().count() <= 12_000, "what is kept is bounded");
    }

    fn open_link(&mut self, which: u8) {
        if !self.links.is_empty() {
            let id = self.links[usize::from(which) % self.links.len()].id;
            self.input(Input::LinkOpened(id));
        }
    }

    fn lose_link(&mut self, input: &mut BytesIn<'_>) {
        if self.links.is_empty() {
            return;
        }
        let place = input.below(self.links.len());
        let error = match input.below(8) {
            0 => LinkError::TimedOut,
            1 => LinkError::Upgrade { status: 401, retry_after: None },
            2 => LinkError::Upgrade { status: 503, retry_after: Some(Duration::from_secs(7)) },
            3 => LinkError::Broken("it said something odd".to_owned()),
            4 => LinkError::NotMqtt("it speaks something else".to_owned()),
            _ => LinkError::Closed,
        };
        let link = self.links.remove(place);
        self.input(Input::LinkClosed(link.id, error));
    }

    fn received(&mut self, place: usize, bytes: Bytes) {
        let id = self.links[place].id;
        self.input(Input::LinkReceived(id, bytes));
    }

    /// Bytes of no service come over a link.
    fn garbage(&mut self, input: &mut BytesIn<'_>) {
        let bytes = Bytes::copy_from_slice(input.some(usize::from(input.0.first().copied().unwrap_or(0))));
        if !self.links.is_empty() {
            self.received(0, bytes);
        }
    }

    fn written(&mut self, how: u8) {
        let Some((ticket, entry)) = self.writes.pop_front() else { return };
        let result = if how < 32 { Err("the disk is full".to_owned()) } else { Ok(()) };
        if result.is_ok() {
            match entry {
                Entry::Keep(kept) => {
                    self.told.on_disk(&kept);
                    self.disk.push(*kept);
                }
                Entry::End(id) => self.disk.retain(|kept| kept.message.id.as_ref() != Some(&id)),
            }
        }
        self.input(Input::Written { ticket, result });
    }

    fn answer_all(&mut self) {
        for _ in 0..self.calls.len() {
            let Some((id, call)) = self.calls.pop_front() else { return };
            let result = Ok(service::answer(&call, self.now, self.messages));
            self.input(Input::CallDone { id, result });
        }
    }

    fn answer_call(&mut self, input: &mut BytesIn<'_>) {
        if self.calls.is_empty() {
            return;
        }
        let (id, call) = self.calls[input.below(self.calls.len())].clone();
        let status = |status| CallError::Status { status, body: ErrorBody::default(), retry_after: None };
        let result: Result<CallAnswer, CallError> = match input.below(10) {
            0 => Err(status(401)),
            1 => Err(status(403)),
            2 => Err(status(503)),
            3 => Err(CallError::TimedOut),
            4 => Err(CallError::Answer("it is no JSON".to_owned())),
            5 => Ok(service::answer(&Call::Config, self.now, self.messages)),
            _ => Ok(service::answer(&call, self.now, self.messages)),
        };
        // Some answers stay, to come once more.
        if input.byte() > 32 {
            self.calls.retain(|(other, _)| *other != id);
        }
        self.input(Input::CallDone { id, result });
    }

    fn send(&mut self, input: &mut BytesIn<'_>) {
        let length = input.below(40);
        let text = String::from_utf8_lossy(input.some(length)).into_owned();
        let draft = if length.is_multiple_of(2) { Draft::Text(text) } else { Draft::Custom(text) };
        if let Ok(id) = self.session.send(self.now, draft) {
            self.told.taken(id);
        }
        self.drain();
    }

    fn press(&mut self, how: u8) {
        // A room that names its counters takes no others.
        let _ = self.session.press(self.now, "likes", (how > 128).then_some("[]"));
        self.drain();
    }

    fn ask(&mut self) {
        let request = ApiRequest { verb: Verb::Post, path: "/chatrooms:mute".into(), query: Vec::new(), body: None };
        self.session.request(self.now, request);
        self.drain();
    }

    fn wait(&mut self, span: Duration) {
        self.now.mono += span;
        self.now.wall = self.now.wall.saturating_add(span).expect("a storm is short");
        for link in &mut self.links {
            link.role.handle_timeout(self.now.mono);
        }
        self.input(Input::Timeout);
        for _ in 0..100 {
            match self.deadline {
                Some(at) if at <= self.now.mono => self.input(Input::Timeout),
                _ => return,
            }
        }
        panic!("a deadline that was served does not lie ahead: {:?} at {:?}", self.deadline, self.now);
    }

    fn wait_for_deadline(&mut self) {
        if let Some(at) = self.deadline {
            self.wait(at.saturating_sub(self.now.mono).min(Duration::from_secs(86_400)));
        }
    }

    /// Somebody sets the clock, or the machine slept.
    fn jump(&mut self, how: u8) {
        let span = Duration::from_secs(u64::from(how & 0x7F) * 60);
        let wall = if how & 0x80 == 0 { self.now.wall.checked_add(span) } else { self.now.wall.checked_sub(span) };
        self.now.wall = wall.expect("a storm is short");
        self.input(Input::Timeout);
    }

    /// The program dies, and another one begins with what is on disk.
    fn begin_anew(&mut self) {
        self.lives += 1;
        self.links.clear();
        self.calls.clear();
        self.writes.clear();
        let kept = if self.kind & DURABLE == 0 { Vec::new() } else { self.disk.clone() };
        self.session = Session::new(options(self.kind, self.lives, &kept, self.now));
        self.told = Told::new(self.kind & DURABLE != 0, &kept);
        self.input(Input::Start);
    }

    /// All goes well from here on, and the session leaves: it must come to its end.
    fn calm(&mut self) {
        self.input(Input::Close);
        for _ in 0..200 {
            if self.told.has_ended() {
                break;
            }
            while !self.writes.is_empty() {
                self.written(u8::MAX);
            }
            self.answer_all();
            self.wait_for_deadline();
        }
        while !self.writes.is_empty() {
            self.written(u8::MAX);
        }
        assert!(self.told.has_ended(), "a session that leaves ends: {:?}", self.deadline);
        self.told.check_ends();
        self.input(Input::Retry);
        self.input(Input::Start);
        assert_eq!(self.deadline, None, "nothing is awaited after the end");
    }
}

fn options(kind: u8, life: u8, kept: &[Kept], now: Now) -> Options {
    let mut options = Options::new(service::access(kind & CONFIG_ALONE != 0, now));
    options.seed = u64::from(life);
    options.durable = kind & DURABLE != 0;
    options.kept = kept.to_vec();
    options.history = if kind & HISTORY == 0 { 0 } else { 50 };
    options.patience = (kind & IMPATIENT != 0).then_some(Duration::from_secs(3_600));
    options
}

/// What an event is about, in the words of the checks.
fn is_end(event: &Event) -> bool {
    matches!(event, Event::Ended(_))
}
