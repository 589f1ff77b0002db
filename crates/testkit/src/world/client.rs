//! A client: a user with a disk and clocks of its own, and the processes that come and go there. Each is a real session;
//! `driver` carries out what it says.

use std::{collections::VecDeque, time::Duration};

use chatroom_session::{Access, Draft, Input, LinkId, Now, Options, SendError, Session};
use chatroom_wire::{RefreshToken, UserId};
use jiff::SignedDuration;

use super::{World, disk::Disk};

/// A user's machine.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) user: UserId,
    pub(crate) kind: Kind,
    session_expiry: Duration,
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
    pub(crate) last_open: Option<Duration>,
    pub(crate) links: Vec<LinkId>,
    /// What is handed in once the session has said all.
    pub(crate) inbox: VecDeque<Input>,
}

impl Client {
    pub(crate) fn new(user: UserId, kind: Kind, session_expiry: Duration) -> Self {
        Self {
            user,
            kind,
            session_expiry,
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

    pub(crate) fn answer(&mut self, input: Input) {
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
    pub(crate) fn now_of(&self, client: usize) -> Now {
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
        options.limits.session_expiry = client.session_expiry;
        let (kept, history) = (options.kept.len(), options.history);
        let back = options.kept.iter().filter_map(|kept| kept.message.id.clone());
        for id in back.filter(|id| client.disk.could_not_forget(id)) {
            self.reference.comes_back(&id);
        }
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
                self.reference.sent(number, self.clients[number].lives, id, now);
            }
            Err(SendError::Full(waiting)) if waiting >= OUTBOX => {}
            Err(SendError::Ended) => {}
            Err(error) => self.air.violated(|| format!("{number}: a plain text is not taken: {error}")),
        }
        self.drain(number);
    }
}

/// Small, so that the ends are reached.
pub(crate) const TIMELINE: usize = 500;
pub(crate) const OUTBOX: usize = 60;
