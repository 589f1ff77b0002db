//! One storm: about fifty faults and transitions, sends between them, then calm, then the judgement.

use std::{collections::BTreeSet, fmt, time::Duration};

use chatroom_mqtt::ReasonCode;
use chatroom_session::Input;
use jiff::SignedDuration;

use super::{
    Breach, World,
    air::Air,
    client::{Client, Kind},
    reference::{Fate, Reference},
    server::Server,
    turn::{Act, Said},
    wire::WireId,
};

/// Which storm.
#[derive(Debug, Clone, Copy)]
pub struct Storm {
    /// Decides everything.
    pub seed: u64,
    /// A rule to break.
    pub breach: Option<Breach>,
    /// Whether to write down what happens.
    pub traced: bool,
}

/// What came of it.
#[derive(Debug)]
pub struct Outcome {
    /// Which promise was broken, if one was.
    pub violation: Option<String>,
    /// What happened, line by line, if it was to be written down.
    pub trace: Vec<String>,
    /// How much happened.
    pub tally: Tally,
}

/// How much happened.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Faults and transitions.
    pub transitions: u64,
    /// Processes that were started.
    pub processes: u64,
    /// Messages in the log.
    pub stored: u64,
    /// Messages that were taken, and how they ended.
    pub taken: u64,
    /// Of these: delivered.
    pub delivered: u64,
    /// Rejected.
    pub rejected: u64,
    /// Expired.
    pub expired: u64,
    /// Unconfirmed.
    pub unconfirmed: u64,
    /// Gaps that were told.
    pub gaps: u64,
    /// Messages that were told as rejected before an earlier copy of them arrived, over a link that had stalled.
    pub came_later: u64,
}

impl Tally {
    /// Adds another storm's.
    pub fn add(&mut self, other: &Self) {
        self.transitions += other.transitions;
        self.processes += other.processes;
        self.stored += other.stored;
        self.taken += other.taken;
        self.delivered += other.delivered;
        self.rejected += other.rejected;
        self.expired += other.expired;
        self.unconfirmed += other.unconfirmed;
        self.gaps += other.gaps;
        self.came_later += other.came_later;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} transitions, {} processes, {} messages stored; of {} taken {} delivered, {} rejected, {} expired, {} \
             unconfirmed; {} gaps told; {} rejected before an earlier \
             copy arrived",
            self.transitions,
            self.processes,
            self.stored,
            self.taken,
            self.delivered,
            self.rejected,
            self.expired,
            self.unconfirmed,
            self.gaps,
            self.came_later
        )
    }
}

impl fmt::Display for Storm {
    /// The command that makes this storm again, with its trace.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cargo xtask storm --runs 1 --seed {} --trace", self.seed)?;
        self.breach.map_or(Ok(()), |rule| write!(f, " --break {rule}"))
    }
}

/// Makes a storm.
pub fn run(storm: Storm) -> Outcome {
    let mut world = World::new(storm);
    let transitions = 40 + world.air.dice.below(21);
    world.run_for(SECOND * 3);
    for _ in 0..transitions {
        world.transition();
        for _ in 0..world.air.dice.below(4) {
            world.somebody_speaks();
        }
        let pause = match world.air.dice.below(10) {
            0..3 => world.air.dice.milliseconds(0, 300),
            3..9 => world.air.dice.seconds(0, 20),
            _ => world.air.dice.seconds(20, 150),
        };
        world.run_for(pause);
        if world.air.violation.is_some() {
            break;
        }
    }
    if world.air.violation.is_none() {
        world.calm_down();
    }
    if world.air.violation.is_none() {
        world.judge();
    }
    let tally = world.tally(transitions);
    Outcome { violation: world.air.violation.take(), trace: world.air.take_trace(), tally }
}

impl World {
    fn new(storm: Storm) -> Self {
        let mut air = Air::new(storm.seed, storm.breach, storm.traced);
        let server = Server::new(&mut air);
        let count = 3 + air.dice.place(3);
        // Two machines of one person, now and then.
        let shared = air.dice.chance(30);
        let clients = (0..count)
            .map(|number| {
                let user = if shared && number == 1 { 0 } else { number };
                let kind = match air.dice.below(10) {
                    0 => Kind::Sample,
                    1 | 2 if number > 0 => Kind::Plain,
                    _ => Kind::Durable,
                };
                Client::new(format!("user{user}").into(), kind)
            })
            .collect();
        Self {
            air,
            server,
            clients,
            calls: Vec::new(),
            reference: Reference::default(),
            asked_to_leave: BTreeSet::new(),
            clocks_jumped: false,
            steps: 0,
            said: 0,
            came_later: 0,
        }
    }

    fn somebody_speaks(&mut self) {
        self.said += 1;
        let text = format!("text {}", self.said);
        let speaker = self.air.dice.place(self.clients.len() + 1);
        if speaker < self.clients.len() {
            self.send(speaker, &text);
        } else {
            self.server.hear(&mut self.air, Said::Act(Act::Say(text)));
        }
    }

    /// Faults end, all who are gone come back, and time passes.
    fn calm_down(&mut self) {
        self.air.note(|| "calm".to_owned());
        self.air.weather.clear();
        self.server.offset = SignedDuration::ZERO;
        if !self.server.is_up() {
            self.server.start(&mut self.air);
        }
        for client in &mut self.clients {
            client.offset = SignedDuration::ZERO;
            client.disk.full_until = Duration::ZERO;
            client.disk.slow_until = Duration::ZERO;
        }
        self.run_for(SECOND * 60);
        for act in
            [Act::Mute(false)].into_iter().chain(self.clients.iter().map(|it| Act::Block(it.user.clone(), false)))
        {
            self.server.hear(&mut self.air, Said::Act(act));
        }
        self.run_for(SECOND * 540);
        // Without numbers nothing shows the loss of the last message but the next look, and with them the next message.
        self.server.hear(&mut self.air, Said::Act(Act::Say("the storm is over".to_owned())));
        self.run_for(SECOND * 90);
        // The cut that comes once a day may have come just now.
        for _ in 0..90 {
            if (0..self.clients.len()).all(|number| self.is_back(number)) {
                break;
            }
            self.run_for(SECOND);
        }
    }

    fn transition(&mut self) {
        let number = self.air.dice.place(self.clients.len());
        let now = self.air.now;
        let awake = self.clients[number].paused_until <= now;
        let runs = self.clients[number].process.is_some();
        match self.air.dice.below(36) {
            0 | 1 => self.on_a_wire(number, |world, wire| world.air.cut(wire)),
            2 => {
                let all: Vec<WireId> = self.air.wires.keys().copied().collect();
                for wire in all {
                    self.air.cut(wire);
                }
            }
            3 | 4 => self.on_a_wire(number, |world, wire| {
                world.air.kill_silently(wire);
                // The server notices only when the client has been silent for too long.
            }),
            5 | 6 => self.on_a_wire(number, |world, wire| {
                let most = if world.air.breaks(Breach::LateBytes) { 140 } else { 40 };
                let until = world.air.now + world.air.dice.seconds(1, most);
                world.air.stall(wire, true, until);
            }),
            7 | 8 => self.on_a_wire(number, |world, wire| {
                let until = world.air.now + world.air.dice.seconds(1, 40);
                world.air.stall(wire, false, until);
                world.chatter(12);
            }),
            9 | 10 => {
                let (with_machine, downtime) = (self.air.dice.chance(30), self.air.dice.milliseconds(100, 20_000));
                if self.server.is_up() {
                    self.server.crash(&mut self.air, with_machine, downtime);
                }
            }
            11 => {
                let all: Vec<WireId> = self.server.conns.keys().copied().collect();
                for wire in all {
                    self.server.say_goodbye(&mut self.air, wire, ReasonCode::SHUTTING_DOWN);
                }
            }
            12..15 if self.clients[number].is_durable() && runs => {
                let (with_machine, after) = (self.air.dice.chance(30), self.air.dice.seconds(0, 40));
                self.send_some(number, 3);
                self.run_for(SECOND / 50);
                self.crash(number, with_machine);
                self.clients[number].starts_at = Some(self.air.now + after);
            }
            15 if runs && awake => {
                self.asked_to_leave.insert((number, self.clients[number].lives));
                self.hand_in(number, Input::Close);
            }
            16 => self.air.weather.loses = self.lasting(),
            17 => self.air.weather.doubles = self.lasting(),
            18 => self.air.weather.reorders = self.lasting(),
            19 => self.on_a_wire(number, |world, wire| {
                let guest = world.server.conns.get(&wire).and_then(|conn| conn.guest.as_ref());
                if let Some(id) = guest.map(|guest| guest.client_id.clone()) {
                    world.server.take_over(&mut world.air, &id);
                }
            }),
            20 | 21 => self.air.weather.history = self.lasting(),
            22 => self.air.weather.calls = self.lasting(),
            23 => {
                let hours = [-1, 0, 0, 1][self.air.dice.place(4)];
                self.air.note(|| format!("{number}: its date is wrong by {hours} h from here on"));
                self.clients[number].offset = SignedDuration::from_hours(hours);
            }
            24 if self.air.ours => {
                let hours = [-1, 0, 0, 1][self.air.dice.place(4)];
                self.air.note(|| format!("the server's date is wrong by {hours} h from here on"));
                self.server.offset = SignedDuration::from_hours(hours);
                self.clocks_jumped = true;
            }
            25 => self.on_a_wire(number, |world, wire| world.server.close_bare(&mut world.air, wire)),
            26 => {
                self.send_some(number, 15);
            }
            27 => {
                let place = self.air.dice.place(self.server.log.len());
                let stored = self.server.log.get(place).filter(|stored| !stored.deleted);
                let text = stored.filter(|stored| stored.message.text().is_some()).map(|stored| stored.id.clone());
                if let Some(id) = text {
                    self.server.hear(&mut self.air, Said::Act(Act::Delete(id)));
                }
            }
            28 | 29 => {
                let muted = !self.server.standing.record().muted;
                self.server.hear(&mut self.air, Said::Act(Act::Mute(muted)));
            }
            30 => {
                let user = self.clients[number].user.clone();
                let blocked = !self.server.standing.is_blocked(&user);
                self.server.hear(&mut self.air, Said::Act(Act::Block(user, blocked)));
            }
            31 if runs && awake => self.hand_in(number, Input::Retry),
            32 => {
                self.air.weather.unreachable = self.lasting();
            }
            33 => self.air.weather.hangs = self.lasting(),
            34 => match self.air.dice.below(3) {
                0 => self.clients[number].disk.full_until = now + self.air.dice.seconds(1, 60),
                1 => self.clients[number].disk.slow_until = now + self.air.dice.seconds(1, 60),
                _ => self.air.weather.slow_commit = now + self.air.dice.seconds(1, 30),
            },
            _ => {
                let (span, sleeps) = (self.air.dice.seconds(1, 200), self.air.dice.chance(60));
                self.pause(number, span, sleeps);
            }
        }
    }

    fn lasting(&mut self) -> Duration {
        self.air.now + self.air.dice.seconds(1, 90)
    }

    fn send_some(&mut self, number: usize, most: u64) {
        for _ in 0..=self.air.dice.below(most) {
            self.said += 1;
            self.send(number, &format!("text {}", self.said));
        }
    }

    /// The host talks, so that listeners have something to miss.
    fn chatter(&mut self, most: u64) {
        for _ in 0..self.air.dice.below(most) {
            self.said += 1;
            self.server.hear(&mut self.air, Said::Act(Act::Say(format!("text {}", self.said))));
            self.run_for(SECOND / 10);
        }
    }

    fn on_a_wire(&mut self, number: usize, fault: impl FnOnce(&mut Self, WireId)) {
        let life = self.clients[number].lives;
        let wires = self.air.wires.iter().filter(|(_, wire)| (wire.client, wire.life) == (number, life));
        let last = wires.filter(|(_, wire)| wire.client_end).map(|(id, _)| *id).next_back();
        if let Some(wire) = last {
            fault(self, wire);
        }
    }

    fn tally(&self, transitions: u64) -> Tally {
        let ended = |fate: Fate| {
            let last = self.reference.sends.values().filter_map(|sent| sent.ends.last());
            last.filter(|(_, other)| *other == fate).count() as u64
        };
        Tally {
            transitions,
            processes: self.reference.lives.len() as u64,
            stored: self.server.log.len() as u64,
            taken: self.reference.sends.values().filter(|sent| sent.taken).count() as u64,
            delivered: ended(Fate::Delivered),
            rejected: ended(Fate::Rejected),
            expired: ended(Fate::Expired),
            unconfirmed: ended(Fate::Unconfirmed),
            gaps: self.reference.lives.iter().map(|life| life.gaps.len() as u64).sum(),
            came_later: self.came_later,
        }
    }
}

const SECOND: Duration = Duration::from_secs(1);
