//! The traffic of one connection: its plan carried out on its two directions.

use std::sync::Arc;

use tokio::io::split;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::Settings;
use super::farewell::{End, Farewell};
use super::plan::{Hit, Plan, When};
use super::point::{Direction, Ways};
use super::script::Fault;
use super::socket::Socket;
use super::way::{News, Way};

/// A connection whose both sides are there.
pub(super) struct Traffic {
    number: u64,
    start: Instant,
    up: Way,
    down: Way,
    /// What may still happen; a lane names them by their places.
    hits: Vec<Hit>,
    /// When something happens by time, and what.
    timed: Vec<(Instant, usize)>,
    settings: watch::Receiver<Arc<Settings>>,
    bye: Farewell,
}

impl Traffic {
    pub(super) fn new(
        number: u64,
        sides: (Socket, Socket),
        settings: watch::Receiver<Arc<Settings>>,
        bye: Farewell,
    ) -> Self {
        let ((from_client, to_client), (from_server, to_server)) = (split(sides.0), split(sides.1));
        Self {
            number,
            start: Instant::now(),
            up: Way::new(Direction::Up, from_client, to_server),
            down: Way::new(Direction::Down, from_server, to_client),
            hits: Vec::new(),
            timed: Vec::new(),
            settings,
            bye,
        }
    }

    /// Takes up a plan, in the place of any other; the end, if that is what it begins with.
    pub(super) fn begin(&mut self, plan: &Plan) -> Option<End> {
        self.up.lane.calm();
        self.down.lane.calm();
        self.hits.clone_from(&plan.hits);
        self.timed.clear();
        for number in 0..self.hits.len() {
            let when = self.hits[number].when.clone();
            match (&when, when.direction()) {
                (When::Start, _) => {
                    if let Some(end) = self.strike(number) {
                        return Some(end);
                    }
                }
                // What is due after all time never is.
                (When::After(time), _) => {
                    self.timed.extend(Instant::now().checked_add(*time).map(|due| (due, number)));
                }
                (_, Some(Direction::Up)) => self.up.lane.look_out(number, when),
                (_, Some(Direction::Down)) => self.down.lane.look_out(number, when),
                (_, None) => {}
            }
        }
        self.timed.sort_unstable();
        None
    }

    pub(super) async fn run(&mut self) -> End {
        while !(self.up.is_over && self.down.is_over) {
            let next = self.timed.first().copied();
            let news = tokio::select! {
                biased;
                _ = self.bye.cuts.changed() => return self.bye.cut(),
                Ok(()) = self.settings.changed() => {
                    let script = Arc::clone(&self.settings.borrow_and_update());
                    if let Some(end) = self.begin(&Plan::new(&script.script, self.number)) {
                        return end;
                    }
                    continue;
                }
                () = sleep_until(next.map_or(self.start, |(due, _)| due)), if next.is_some() => {
                    News::Reached(self.timed.remove(0).1)
                }
                news = self.up.carry(self.start, &self.bye.tally) => news,
                news = self.down.carry(self.start, &self.bye.tally) => news,
            };
            match news {
                News::Over => {}
                News::Closed => return End::Close,
                News::Reset => return End::Reset,
                News::Reached(number) => {
                    if let Some(end) = self.strike(number) {
                        return end;
                    }
                }
            }
        }
        End::Over
    }

    /// Carries out what was due; the end, if it is one.
    fn strike(&mut self, number: usize) -> Option<End> {
        let hit = &self.hits[number];
        self.bye.count(hit);
        let ways = match &hit.fault {
            Fault::Reset | Fault::Close | Fault::BlackHole => return Some(End::of(&hit.fault)),
            Fault::HalfOpen(direction) => {
                let way = if *direction == Direction::Up { &mut self.up } else { &mut self.down };
                way.lane.swallow();
                return None;
            }
            Fault::Latency(latency) => latency.direction,
            Fault::Bandwidth(bandwidth) => bandwidth.direction,
            Fault::Slice(slice) => slice.direction,
            Fault::Coalesce(coalesce) => coalesce.direction,
            Fault::Corrupt(corrupt) => corrupt.direction,
        };
        self.shape(ways, number);
        None
    }

    fn shape(&mut self, ways: Ways, number: usize) {
        let Hit { fault, dice, .. } = &self.hits[number];
        for (place, (way, direction)) in
            [(&mut self.up, Direction::Up), (&mut self.down, Direction::Down)].into_iter().enumerate()
        {
            if ways.include(direction) {
                way.lane.shape(fault, dice.of(place as u64));
            }
        }
    }

    pub(super) async fn end(self, end: End) {
        let (from_client, to_server) = self.up.into_halves();
        let (from_server, to_client) = self.down.into_halves();
        let (client, server) = (from_client.unsplit(to_client), from_server.unsplit(to_server));
        self.bye.say(end, vec![client.into_tcp(), server.into_tcp()]).await;
    }
}
