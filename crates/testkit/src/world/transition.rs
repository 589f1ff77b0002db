//! What befalls the world: faults, and what people do.

use std::time::Duration;

use chatroom_mqtt::ReasonCode;
use chatroom_session::Input;
use jiff::SignedDuration;

use super::{
    World,
    turn::{Act, Said},
    wire::WireId,
};

impl World {
    /// One of them.
    pub(crate) fn transition(&mut self) {
        let number = self.air.dice.place(self.clients.len());
        let now = self.air.now;
        let awake = self.clients[number].paused_until <= now;
        let runs = self.clients[number].process.is_some();
        match self.air.dice.below(38) {
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
                let until = world.air.now + world.air.dice.seconds(1, 40);
                world.air.stall(wire, true, until);
                world.send_some(number, 3);
            }),
            7 | 8 => self.on_a_wire(number, |world, wire| {
                let until = world.air.now + world.air.dice.seconds(1, 40);
                world.air.stall(wire, false, until);
                world.chatter(12);
            }),
            9 | 10 => {
                let (with_machine, downtime) = (self.air.dice.chance(30), self.air.dice.milliseconds(100, 20_000));
                if self.server.is_up() {
                    // At any point of a turn.
                    self.send_some(number, 3);
                    let turn = self.air.dice.milliseconds(0, 80);
                    self.run_for(turn);
                    self.server.crash(&mut self.air, with_machine, downtime);
                    if self.air.ours && self.air.dice.chance(25) {
                        self.leap();
                    }
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
                self.reference.date_set(number);
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
                let stored = self.server.log.get(place).filter(|stored| !stored.is_deleted());
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
            35 | 36 if !self.air.ours => self.air.weather.stale = self.lasting(),
            _ => {
                let (span, sleeps) = (self.air.dice.seconds(1, 200), self.air.dice.chance(60));
                self.pause(number, span, sleeps);
            }
        }
    }

    /// The server's machine starts again with another date.
    fn leap(&mut self) {
        let hours = [0, 25, 24 * 31, 24 * 400, -24 * 400][self.air.dice.place(5)];
        self.air.note(|| format!("the server starts with a date that is wrong by {hours} h"));
        self.server.offset = SignedDuration::from_hours(hours);
        self.clocks_jumped = true;
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
}

const SECOND: Duration = Duration::from_secs(1);
