//! A client: a user with a disk and clocks of its own, and the processes that come and go there. Each is a real session,
//! and a driver that carries out what it says.

use std::{collections::VecDeque, time::Duration};

use chatroom_session::{
    Access, Call, Draft, Entry, Event, Input, LinkError, LinkId, Now, Options, Output, SendError, Session,
};
use chatroom_wire::{RefreshToken, UserId};
use jiff::SignedDuration;

use super::{
    World,
    disk::Disk,
    service::{self, Pending, Stage},
};

/// A user's machine.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) user: UserId,
    pub(crate) kind: Kind,
    pub(crate) disk: Disk,
    /// How far its date is from the true one.
    pub(crate) offset: SignedDuration,
    /// Nothing runs there until then: the machine sleeps, or the process is stopped.
    pub(crate) paused_until: Duration,
    /// How many processes there were.
    pub(crate) lives: u32,
    pub(crate) process: Option<Process>,
    /// When the next process starts.
    pub(crate) starts_at: Option<Duration>,
}

/// What sort of client it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// With an outbox on its disk.
    Durable,
    /// With a chat token, and no outbox.
    Plain,
    /// With a config alone, as in the vendor's sample: no history, no fresh tokens.
    Sample,
}

/// A running process.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) session: Session,
    /// What its clock for deadlines counts from, on the world's.
    pub(crate) origin: Duration,
    pub(crate) deadline: Option<Duration>,
    last_open: Option<Duration>,
    links: Vec<LinkId>,
    /// What is handed in once the session has said all.
    inbox: VecDeque<Input>,
}

impl Client {
    pub(crate) fn new(user: UserId, kind: Kind) -> Self {
        Self {
            user,
            kind,
            disk: Disk::default(),
            offset: SignedDuration::ZERO,
            paused_until: Duration::ZERO,
            lives: 0,
            process: None,
            starts_at: Some(Duration::ZERO),
        }
    }

    pub(crate) fn is_durable(&self) -> bool {
        self.kind == Kind::Durable
    }

    fn answer(&mut self, input: Input) {
        if let Some(process) = &mut self.process {
            process.inbox.push_back(input);
        }
    }

    /// The next thing it has to do by itself.
    pub(crate) fn due(&self) -> Option<Duration> {
        let deadline = self.process.as_ref().and_then(|process| Some(process.deadline? + process.origin));
        let due = [deadline, self.disk.due(), self.starts_at].into_iter().flatten().min();
        due.map(|at| at.max(self.paused_until))
    }
}

impl World {
    fn now_of(&self, client: usize) -> Now {
        let client = &self.clients[client];
        let origin = client.process.as_ref().map_or(self.air.now, |process| process.origin);
        Now { mono: self.air.now.saturating_sub(origin), wall: self.air.date() + client.offset }
    }

    pub(crate) fn handle_client_timeout(&mut self, number: usize) {
        let now = self.air.now;
        if self.clients[number].disk.due().is_some_and(|at| at <= now) {
            for (ticket, result) in self.clients[number].disk.synced(&mut self.air) {
                self.hand_in(number, Input::Written { ticket, result });
            }
        }
        let client = &self.clients[number];
        if client.process.as_ref().is_some_and(|it| it.deadline.is_some_and(|at| at + it.origin <= now)) {
            self.hand_in(number, Input::Timeout);
        }
        if self.clients[number].starts_at.is_some_and(|at| at <= now) {
            self.start(number);
        }
    }

    /// Nothing runs on this machine for a while. If it sleeps, its clock for deadlines stands still meanwhile, as Linux's
    /// does; else only the process is stopped.
    pub(crate) fn pause(&mut self, number: usize, span: Duration, sleeps: bool) {
        let client = &mut self.clients[number];
        if client.paused_until > self.air.now {
            return;
        }
        client.paused_until = self.air.now + span;
        if let Some(process) = client.process.as_mut().filter(|_| sleeps) {
            process.origin += span;
        }
        let what = if sleeps { "the machine sleeps" } else { "the process is stopped" };
        self.air.note(|| format!("{number}: {what} for {:.1} s", span.as_secs_f64()));
    }

    /// A new process starts, with what the disk holds.
    fn start(&mut self, number: usize) {
        let client = &mut self.clients[number];
        client.starts_at = None;
        client.lives += 1;
        let life = client.lives;
        let token_life = self.air.weather.token_life;
        let access = if client.kind == Kind::Sample {
            Access::Config(self.server.config(&self.air, number, &client.user, 1_000_000_000))
        } else {
            let token = self.server.token(&self.air, &client.user, token_life);
            Access::Api { token, refresh_token: Some(RefreshToken::new("refresh")) }
        };
        let mut options = Options::new(access);
        options.seed = self.air.dice.next();
        options.durable = client.is_durable();
        options.kept = if options.durable { client.disk.left() } else { Vec::new() };
        options.history = if self.air.dice.chance(25) { 20 } else { 0 };
        options.limits.timeline = TIMELINE;
        options.limits.outbox = OUTBOX;
        let (kept, history) = (options.kept.len(), options.history);
        client.process = Some(Process {
            session: Session::new(options),
            origin: self.air.now,
            deadline: None,
            last_open: None,
            links: Vec::new(),
            inbox: VecDeque::new(),
        });
        self.air.note(|| format!("{number}: process {life} starts, {kept} left over"));
        let user = client.user.clone();
        self.reference.begins(number, life, user, client.kind, history);
        self.hand_in(number, Input::Start);
    }

    /// The process dies at once.
    pub(crate) fn crash(&mut self, number: usize, with_machine: bool) {
        let Some(process) = self.clients[number].process.take() else { return };
        let life = self.clients[number].lives;
        self.air
            .note(|| format!("{number}: process {life} dies{}", if with_machine { " with its machine" } else { "" }));
        for link in process.links {
            if let Some(wire) = self.air.wire_of(number, life, link) {
                if with_machine {
                    self.air.kill_silently(wire);
                }
                self.air.hang_up(wire);
            }
        }
        self.clients[number].disk.crash(&mut self.air);
        let left = self.clients[number].disk.left().into_iter().filter_map(|kept| kept.message.id).collect();
        self.reference.crashed(number, &left);
    }

    /// The user says something.
    pub(crate) fn send(&mut self, number: usize, text: &str) {
        if self.clients[number].paused_until > self.air.now {
            return;
        }
        let now = self.now_of(number);
        let Some(process) = &mut self.clients[number].process else { return };
        match process.session.send(now, Draft::from(text)) {
            Ok(id) => {
                self.air.note(|| format!("{number}: sends {text:?} as {id}"));
                self.reference.sent(number, self.clients[number].lives, id, now.mono);
            }
            Err(SendError::Full(waiting)) if waiting >= OUTBOX => {}
            Err(SendError::Ended) => {}
            Err(error) => self.air.violated(|| format!("{number}: a plain text is not taken: {error}")),
        }
        self.drain(number);
    }

    pub(crate) fn hand_in(&mut self, number: usize, input: Input) {
        let now = self.now_of(number);
        let Some(process) = &mut self.clients[number].process else { return };
        process.session.handle_input(now, input);
        self.drain(number);
    }

    fn drain(&mut self, number: usize) {
        for _ in 0..OUTPUTS {
            let mono = self.now_of(number).mono;
            let life = self.clients[number].lives;
            let Some(process) = &mut self.clients[number].process else { return };
            match process.session.poll_output() {
                Output::Connect { link, .. } => {
                    process.links.push(link);
                    let links = process.links.len();
                    self.air.note(|| format!("{number}: dials {link:?}"));
                    if links > 2 {
                        self.air.violated(|| format!("{number}: holds {links} links"));
                    }
                    self.air.dial(number, life, link);
                }
                Output::Send { link, bytes } => {
                    if let Some(wire) = self.air.wire_of(number, life, link) {
                        self.air.send_up(wire, bytes);
                    }
                }
                Output::Disconnect(link) => self.let_go(number, link),
                Output::Write { ticket, entry } => {
                    if let Entry::End(id) = &entry {
                        self.reference.ends_on_disk(id);
                    }
                    if let Some((ticket, result)) = self.clients[number].disk.append(&mut self.air, ticket, entry) {
                        self.clients[number].answer(Input::Written { ticket, result });
                    }
                }
                Output::Call { id, call, token } => {
                    let what = name(&call);
                    let fate = service::fate(&mut self.air, &call);
                    self.air
                        .note(|| format!("{number}: calls {what}{}", if fate.is_none() { ", for ever" } else { "" }));
                    if let Some((there, back, fails)) = fate {
                        let (at, stage) = match fails {
                            None => (self.air.now + there, Stage::Asking(call, token)),
                            Some(error) => (self.air.now + there + back, Stage::Answering(Box::new(Err(error)))),
                        };
                        self.calls.push(Pending { client: number, life, id, at, stage });
                    }
                }
                Output::Answered { .. } => {}
                Output::Event(event) => {
                    let ended = matches!(event, Event::Ended(_));
                    self.reference.told(&mut self.air, &self.server.log, number, mono, &event);
                    if ended {
                        return self.ended(number);
                    }
                }
                Output::Timeout(_) if !process.inbox.is_empty() => {
                    let input = process.inbox.pop_front();
                    let now = self.now_of(number);
                    if let (Some(process), Some(input)) = (&mut self.clients[number].process, input) {
                        process.session.handle_input(now, input);
                    }
                }
                Output::Timeout(deadline) => {
                    process.deadline = deadline.map(|(at, _)| at);
                    let kept = process.session.messages().count();
                    if kept > TIMELINE + OUTBOX {
                        self.air.violated(|| format!("{number}: keeps {kept} messages"));
                    }
                    return;
                }
            }
        }
        self.air.violated(|| format!("{number}: never stops saying something"));
    }

    fn let_go(&mut self, number: usize, link: LinkId) {
        let life = self.clients[number].lives;
        if let Some(process) = &mut self.clients[number].process {
            process.links.retain(|other| *other != link);
        }
        if let Some(wire) = self.air.wire_of(number, life, link) {
            self.air.hang_up(wire);
        }
    }

    /// A link is open.
    pub(crate) fn link_opened(&mut self, number: usize, link: LinkId) {
        let now = self.air.now;
        let Some(process) = &mut self.clients[number].process else { return };
        let again = process.last_open.replace(now).is_some_and(|last| now < last + Duration::from_secs(1));
        if again && process.links.len() < 2 {
            self.air.violated(|| format!("{number}: connects twice within a second"));
        }
        self.hand_in(number, Input::LinkOpened(link));
    }

    /// A link could not be opened, or has ended.
    pub(crate) fn link_closed(&mut self, number: usize, link: LinkId, error: LinkError) {
        if let Some(process) = &mut self.clients[number].process {
            process.links.retain(|other| *other != link);
        }
        self.hand_in(number, Input::LinkClosed(link, error));
    }

    /// The session is over: the process ends as programs do, with all that was written on the disk. The user starts
    /// another.
    fn ended(&mut self, number: usize) {
        let life = self.clients[number].lives;
        loop {
            let Some(process) = &mut self.clients[number].process else { return };
            match process.session.poll_output() {
                Output::Timeout(_) => break,
                Output::Write { ticket, entry } => drop(self.clients[number].disk.append(&mut self.air, ticket, entry)),
                Output::Disconnect(link) => self.let_go(number, link),
                Output::Event(event) => self.air.violated(|| format!("{number}: says {event:?} after its end")),
                _ => {}
            }
        }
        self.clients[number].disk.flush();
        let links = self.clients[number].process.take().map(|process| process.links).unwrap_or_default();
        for link in links {
            if let Some(wire) = self.air.wire_of(number, life, link) {
                self.air.hang_up(wire);
            }
        }
        self.clients[number].starts_at = Some(self.air.now + self.air.dice.seconds(0, 40));
    }
}

fn name(call: &Call) -> &'static str {
    match call {
        Call::Config => "for a config",
        Call::Room => "for the room",
        Call::Refresh(_) => "for a fresh token",
        Call::History(query) if query.from_oldest => "for what was missed",
        Call::History(_) => "for the newest message",
        Call::Api(_) => "for something",
    }
}

/// Small, so that the ends are reached.
const TIMELINE: usize = 500;
const OUTBOX: usize = 60;
/// More than a session can have to say at one moment.
const OUTPUTS: usize = 20_000;
