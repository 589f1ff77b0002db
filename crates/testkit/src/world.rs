//! A chatroom world in a struct: real sessions, the real rules of the server, real MQTT bytes; around them models of the
//! store, the gateway, the network, disks and clocks. All of it under one virtual time and one seed.
//!
//! [`run`] makes one storm: about fifty faults and transitions, then calm, then a judgement by a reference model that
//! looked on. What a storm must never see broken:
//!
//! - every send that was taken ends exactly once as delivered, rejected or expired (as unconfirmed only where nothing can
//!   tell); what is delivered is in the log, and what is rejected or expired is not
//! - nobody is shown a message twice; all are shown the log's order, and what comes late says so
//! - a hole is filled, or told
//! - nothing grows without bound, everybody comes back, and dead links are found within 1.5 × keep alive
//!
//! The parts: `air` (time, chance, weather, wires), `wire`; `server` with `turn`, `gateway`, `broker`, `fanout`, `service`,
//! `log`; `client` with `driver` and `disk`; `reference` with `life` and `words`, `verdict`; `storm` with `transition` and
//! `tally`; [`Breach`]: rules to break on purpose; `dice`.

mod air;
mod breach;
mod broker;
mod client;
mod dice;
mod disk;
mod driver;
mod fanout;
mod gateway;
mod life;
mod log;
mod reference;
mod server;
mod service;
mod storm;
mod tally;
mod transition;
mod turn;
mod verdict;
mod wire;
mod words;

use std::{collections::BTreeSet, time::Duration};

use chatroom_session::{Input, LinkError};

pub use breach::Breach;
pub use storm::{Outcome, Storm, run};
pub use tally::Tally;

use air::Air;
use client::Client;
use reference::Reference;
use server::Server;
use service::{Pending, Stage};
use wire::{Parcel, WireId};

/// Everything.
#[derive(Debug)]
pub(crate) struct World {
    air: Air,
    server: Server,
    clients: Vec<Client>,
    calls: Vec<Pending>,
    reference: Reference,
    /// Processes that were asked to leave.
    asked_to_leave: BTreeSet<(usize, u32)>,
    clocks_jumped: bool,
    steps: u64,
    /// How many texts were said, so that each is another.
    said: u64,
}

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Next {
    Open(WireId),
    Up(WireId),
    Down(WireId),
    Call(usize),
    Client(usize),
    Server,
}

impl World {
    /// Lets time pass, from one thing that happens to the next.
    fn run_for(&mut self, span: Duration) {
        let end = self.air.now + span;
        while self.air.violation.is_none() {
            let Some((at, next)) = self.next().filter(|(at, _)| *at <= end) else { break };
            self.air.now = self.air.now.max(at);
            self.steps += 1;
            if self.steps > STEPS {
                self.air.violated(|| "the world does not come to rest".to_owned());
            }
            self.step(next);
        }
        self.air.now = end;
        self.look_for_dead_links();
    }

    fn next(&self) -> Option<(Duration, Next)> {
        let mut first: Option<(Duration, Next)> = None;
        let mut offer = |at: Option<Duration>, next: Next| {
            if let Some(at) = at
                && first.is_none_or(|(earliest, _)| at < earliest)
            {
                first = Some((at, next));
            }
        };
        offer(self.server.due(), Next::Server);
        for (id, wire) in &self.air.wires {
            let awake = self.clients[wire.client].paused_until;
            offer(wire.opens.map(|at| at.max(awake)), Next::Open(*id));
            offer(wire.up.due(), Next::Up(*id));
            offer(wire.down.due().map(|at| at.max(awake)), Next::Down(*id));
        }
        for (place, call) in self.calls.iter().enumerate() {
            let awake = match call.stage {
                Stage::Asking(..) => Duration::ZERO,
                Stage::Answering(_) => self.clients[call.client].paused_until,
            };
            offer(Some(call.at.max(awake)), Next::Call(place));
        }
        for (number, client) in self.clients.iter().enumerate() {
            offer(client.due(), Next::Client(number));
        }
        first
    }

    fn step(&mut self, next: Next) {
        match next {
            Next::Server => self.server.handle_timeout(&mut self.air),
            Next::Client(number) => self.handle_client_timeout(number),
            Next::Call(place) => self.call_moves(place),
            Next::Open(id) => self.open(id),
            Next::Up(id) => {
                let Some(parcel) = self.air.wires.get_mut(&id).and_then(|wire| wire.up.take()) else { return };
                self.server.receive(&mut self.air, id, &parcel);
                self.air.bury(id);
            }
            Next::Down(id) => self.arrive(id),
        }
    }

    fn open(&mut self, id: WireId) {
        let unreachable = self.air.now < self.air.weather.unreachable || !self.server.is_up();
        let Some(wire) = self.air.wires.get_mut(&id) else { return };
        let (number, link) = (wire.client, wire.link);
        wire.opens = None;
        if unreachable {
            wire.client_end = false;
            self.air.bury(id);
            let error = LinkError::Unreachable { address: "room.example:443".into(), problem: "refused".into() };
            return self.link_closed(number, link, error);
        }
        wire.server_end = true;
        self.server.accept(&mut self.air, id);
        self.link_opened(number, link);
    }

    fn arrive(&mut self, id: WireId) {
        let Some(wire) = self.air.wires.get_mut(&id) else { return };
        let Some(parcel) = wire.down.take() else { return };
        let (number, link, held) = (wire.client, wire.link, wire.client_end);
        if held {
            match parcel {
                Parcel::Bytes(bytes) => self.hand_in(number, Input::LinkReceived(link, bytes)),
                Parcel::End => {
                    wire.client_end = false;
                    self.link_closed(number, link, LinkError::Closed);
                }
            }
        }
        self.air.bury(id);
    }

    fn call_moves(&mut self, place: usize) {
        let Pending { client, life, id, stage, .. } = self.calls.swap_remove(place);
        match stage {
            Stage::Asking(call, token) => {
                let user = self.clients[client].user.clone();
                let answer = self.server.serve(&mut self.air, client, &user, call, token.as_ref());
                let at = self.air.now + self.air.dice.milliseconds(2, 80);
                self.calls.push(Pending { client, life, id, at, stage: Stage::Answering(Box::new(answer)) });
            }
            Stage::Answering(result) if self.clients[client].lives == life => {
                if let Err(error) = result.as_ref() {
                    self.air.note(|| format!("{client}: the call fails: {error}"));
                }
                self.hand_in(client, Input::CallDone { id, result: *result });
            }
            Stage::Answering(_) => {}
        }
    }

    /// A dead link must be found within 1.5 × keep alive.
    fn look_for_dead_links(&mut self) {
        let now = self.air.now;
        let found = self.air.wires.iter().find(|(_, wire)| {
            let runs = self.clients[wire.client].paused_until + FIND < now;
            wire.client_end && runs && wire.dead_since.is_some_and(|since| since + FIND < now)
        });
        if let Some(id) = found.map(|(id, _)| *id) {
            self.air.violated(|| format!("{id:?} is dead since long, and its client holds it"));
        }
    }
}

/// 1.5 × 30 s.
const FIND: Duration = Duration::from_secs(46);
/// A storm takes a few thousand.
const STEPS: u64 = 400_000;
