//! A room, its server and its clients under one virtual clock. The clients are real sessions, and the bytes between
//! them and the server are real MQTT; only the wires are made of queues.
//!
//! `faults`: what goes wrong; `people`: what users do; `room`: what others say; `gateway`: links; `service`: REST calls;
//! `told`: what came of it all.

mod faults;
mod gateway;
mod people;
mod room;
mod service;
mod told;

use std::{collections::VecDeque, time::Duration};

use bytes::Bytes;
use chatroom_mqtt::{ServerOptions, ServerRole};
use chatroom_session::{
    Access, CallError, Entry, Event, Input, Kept, LinkId, Now, Output, RequestId, Session, WriteId,
};
use chatroom_wire::{Message, RefreshToken, rest::MessagesQuery};
use jiff::Timestamp;

pub(crate) use faults::Faults;
pub(crate) use service::{config, status, token};

pub(crate) const SUB: &str = "chat/t/room/sub";
pub(crate) const PUB: &str = "chat/t/room/pub";

pub(crate) struct World {
    pub(crate) now: Duration,
    pub(crate) epoch: Timestamp,
    pub(crate) faults: Faults,
    /// Whether deliveries carry `seq` and `prev`.
    pub(crate) numbered: bool,
    /// Whether each config gives a client id of its own.
    pub(crate) own_client_ids: bool,
    configs: u32,
    pub(crate) keep_alive: u16,
    /// So many of the newest messages are in the history.
    pub(crate) retained: usize,
    pub(crate) server_options: ServerOptions,
    /// How long a fresh token lives, in seconds.
    pub(crate) token_life: i64,
    pub(crate) log: Vec<Message>,
    pub(crate) clients: Vec<Client>,
    /// How many PUBLISHs came in, also those that were lost with their link.
    pub(crate) publishes: usize,
    pub(crate) history_calls: Vec<MessagesQuery>,
    /// What `GET /chatrooms` answers.
    pub(crate) room: String,
    on_the_way: Vec<(usize, Input)>,
}

pub(crate) struct Client {
    pub(crate) session: Session,
    pub(crate) events: Vec<Event>,
    /// The newest comes last; while a client moves to another link, there are two.
    pub(crate) links: Vec<Link>,
    pub(crate) connects: Vec<Duration>,
    pub(crate) tokens_used: Vec<String>,
    /// Whether the program has died.
    dead: bool,
    /// The outbox on disk.
    pub(crate) disk: Vec<Kept>,
    writes: usize,
    pub(crate) answered: Vec<(RequestId, Result<Bytes, CallError>)>,
    inbox: VecDeque<Input>,
    deadline: Option<Duration>,
}

pub(crate) struct Link {
    pub(crate) id: LinkId,
    role: ServerRole,
    subscribed: bool,
    last: u64,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            now: Duration::ZERO,
            epoch: "2026-01-01T00:00:00Z".parse().unwrap(),
            faults: Faults::default(),
            numbered: true,
            own_client_ids: false,
            configs: 0,
            token_life: 1_000_000,
            keep_alive: 30,
            retained: usize::MAX,
            server_options: ServerOptions::default(),
            log: Vec::new(),
            clients: Vec::new(),
            publishes: 0,
            history_calls: Vec::new(),
            room: r#"{"id":"room","status":"CHAT_STATUS_ACTIVE"}"#.to_owned(),
            on_the_way: Vec::new(),
        }
    }

    pub(crate) fn now(&self) -> Now {
        Now { mono: self.now, wall: self.epoch + self.now }
    }

    pub(crate) fn exp(&self, life: i64) -> i64 {
        self.now().wall.as_second() + life
    }

    /// With a token that can be renewed.
    pub(crate) fn access(&self) -> Access {
        Access::Api { token: token(self.exp(self.token_life)), refresh_token: Some(RefreshToken::new("refresh")) }
    }

    /// Lets time pass from deadline to deadline.
    pub(crate) fn run_for(&mut self, span: Duration) {
        let end = self.now + span;
        for _ in 0..200_000 {
            self.settle();
            let next = self.clients.iter().filter_map(|client| client.deadline).min().filter(|at| *at <= end);
            let Some(next) = next else {
                self.now = end;
                return;
            };
            self.now = self.now.max(next);
            let now = self.now;
            for client in &mut self.clients {
                if client.deadline.is_some_and(|at| at <= now) {
                    client.inbox.push_back(Input::Timeout);
                }
            }
        }
        panic!("the world does not come to rest");
    }

    /// Carries everything that is under way to its end, without time passing.
    pub(crate) fn settle(&mut self) {
        for _ in 0..1_000_000 {
            let mut idle = true;
            for number in 0..self.clients.len() {
                if self.clients[number].dead {
                    continue;
                }
                while let Some(input) = self.clients[number].inbox.pop_front() {
                    idle = false;
                    let now = self.now();
                    self.clients[number].session.handle_input(now, input);
                    self.drain(number);
                }
                self.drain(number);
            }
            if idle && self.clients.iter().all(|client| client.dead || client.inbox.is_empty()) {
                return;
            }
        }
        panic!("the world does not come to rest");
    }

    fn drain(&mut self, number: usize) {
        loop {
            let output = self.clients[number].session.poll_output();
            match output {
                Output::Connect { link, .. } => self.open(number, link),
                Output::Send { link, bytes } => {
                    let now = self.now;
                    if self.faults.half_open {
                        continue;
                    }
                    if let Some(link) = self.link(number, link) {
                        link.role.receive(now, &bytes);
                    }
                    self.serve(number, link);
                }
                Output::Disconnect(link) => self.clients[number].links.retain(|other| other.id != link),
                Output::Write { ticket, entry } => self.write(number, ticket, entry),
                Output::Call { id, call, token } => self.answer(number, id, call, token),
                Output::Answered { id, result } => self.clients[number].answered.push((id, result)),
                Output::Event(event) => self.clients[number].events.push(event),
                Output::Timeout(deadline) => {
                    self.clients[number].deadline = deadline.map(|(at, _)| at);
                    return;
                }
            }
        }
    }

    /// The disk: it takes everything at once, unless it is full.
    fn write(&mut self, number: usize, ticket: WriteId, entry: Entry) {
        let result = self.faults.disk.pop_front().map_or(Ok(()), |problem| Err(problem.to_owned()));
        let slow_from = self.faults.slow_disk_from;
        let client = &mut self.clients[number];
        client.writes += 1;
        match (&result, entry) {
            (Ok(()), Entry::Keep(kept)) => client.disk.push(*kept),
            (Ok(()), Entry::End(id)) => client.disk.retain(|kept| kept.message.id.as_ref() != Some(&id)),
            (Err(_), _) => {}
        }
        let answer = Input::Written { ticket, result };
        if slow_from.is_none_or(|from| client.writes <= from) {
            client.inbox.push_back(answer);
        } else {
            self.on_the_way.push((number, answer));
        }
    }
}
