//! One storm: about fifty faults and transitions, sends between them, then calm, then the judgement.

use std::{collections::BTreeSet, fmt, time::Duration};

use jiff::SignedDuration;

use super::{
    Breach, Tally, World,
    air::Air,
    client::{Client, Kind},
    reference::Reference,
    server::Server,
    turn::{Act, Said},
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
                // For how long it asks a broker to keep its session.
                let expiry = if air.dice.chance(30) { air.dice.seconds(60, 4_000) } else { Duration::ZERO };
                Client::new(format!("user{user}").into(), kind, expiry)
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
        for (number, client) in self.clients.iter_mut().enumerate() {
            if !std::mem::take(&mut client.offset).is_zero() {
                self.reference.date_set(number);
            }
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
}

const SECOND: Duration = Duration::from_secs(1);
