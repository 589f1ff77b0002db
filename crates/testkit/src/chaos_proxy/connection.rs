//! One connection: its plan carried out on real sockets.

use std::sync::Arc;

use tokio::io::split;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::counters::{Counters, Tally};
use super::plan::{Hit, Plan, When};
use super::point::{Direction, Ways};
use super::script::Fault;
use super::secure::Tls;
use super::socket::{Socket, close, reset, swallow};
use super::way::{News, Way};
use super::{Cut, Settings};

/// What a connection knows of its proxy.
#[derive(Clone, Debug)]
pub(super) struct Surroundings {
    pub(super) tls: Option<Tls>,
    pub(super) settings: watch::Receiver<Arc<Settings>>,
    pub(super) cuts: watch::Receiver<Cut>,
    pub(super) tally: Tally,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Reset,
    Close,
    BlackHole,
    /// Both sides have ended by themselves.
    Over,
}

/// Serves the connection of this number until its end.
pub(super) async fn serve(number: u64, client: TcpStream, surroundings: Surroundings) {
    let Surroundings { tls, mut settings, cuts, tally } = surroundings;
    let now = Arc::clone(&settings.borrow_and_update());
    let plan = Plan::new(&now.script, number);
    let mut bye = Farewell { cuts, tally };
    // Small slices would be gathered by the system.
    if client.set_nodelay(true).is_err() {
        return;
    }
    if let Some((hit, end)) = plan.hits.iter().find_map(|hit| Some((hit, end_at_start(hit)?))) {
        bye.count(hit);
        return bye.say(end, vec![client]).await;
    }
    let Ok(server) = TcpStream::connect(now.upstream).await else {
        bye.tally.count(|sum| sum.unreachable += 1);
        return reset(client);
    };
    if server.set_nodelay(true).is_err() {
        return;
    }
    let sides = match tls {
        None => (Socket::Plain(client), Socket::Plain(server)),
        Some(tls) => {
            if let Some((hit, direction, bytes)) = plan.hits.iter().find_map(cut_in_handshake) {
                // Its end tells the server that nobody comes.
                drop(server);
                if let Some(client) = tls.part(client, direction, bytes).await {
                    bye.count(hit);
                    bye.say(end_of(&hit.fault), vec![client]).await;
                }
                return;
            }
            let secured = tokio::select! {
                secured = tls.secure(client, server) => secured,
                // The sockets are dropped with the handshake.
                _ = bye.cuts.changed() => None,
            };
            let Some(sides) = secured else { return };
            sides
        }
    };
    let mut traffic = Traffic::new(number, sides, settings, bye);
    let end = match traffic.begin(&plan) {
        Some(end) => end,
        None => traffic.run().await,
    };
    traffic.end(end).await;
}

/// How a connection ends before anybody is dialled.
fn end_at_start(hit: &Hit) -> Option<End> {
    (hit.when == When::Start && hit.fault.is_an_end() && !matches!(hit.fault, Fault::HalfOpen(_)))
        .then(|| end_of(&hit.fault))
}

fn cut_in_handshake(hit: &Hit) -> Option<(&Hit, Direction, u64)> {
    match hit.when {
        When::Handshake { direction, bytes } if hit.fault.is_an_end() => Some((hit, direction, bytes)),
        _ => None,
    }
}

fn end_of(fault: &Fault) -> End {
    match fault {
        Fault::Reset => End::Reset,
        Fault::Close => End::Close,
        _ => End::BlackHole,
    }
}

/// A connection whose both sides are there.
struct Traffic {
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
    fn new(number: u64, sides: (Socket, Socket), settings: watch::Receiver<Arc<Settings>>, bye: Farewell) -> Self {
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
    fn begin(&mut self, plan: &Plan) -> Option<End> {
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

    async fn run(&mut self) -> End {
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
            Fault::Reset | Fault::Close | Fault::BlackHole => return Some(end_of(&hit.fault)),
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

    async fn end(self, end: End) {
        let (from_client, to_server) = self.up.into_halves();
        let (from_server, to_client) = self.down.into_halves();
        let (client, server) = (from_client.unsplit(to_client), from_server.unsplit(to_server));
        self.bye.say(end, vec![client.into_tcp(), server.into_tcp()]).await;
    }
}

/// How connections end.
struct Farewell {
    cuts: watch::Receiver<Cut>,
    tally: Tally,
}

impl Farewell {
    /// Counts what a rule does.
    fn count(&self, hit: &Hit) {
        let mut counted = Counters::default();
        counted.rules.insert(hit.rule, 1);
        match &hit.fault {
            Fault::Reset => counted.resets = 1,
            Fault::Close => counted.closes = 1,
            Fault::BlackHole => counted.black_holes = 1,
            Fault::HalfOpen(_) => counted.half_opens = 1,
            _ => {}
        }
        self.tally.take(&mut counted);
    }

    /// All connections are cut, this one too.
    fn cut(&self) -> End {
        let how = *self.cuts.borrow();
        self.tally.count(|sum| match how {
            Cut::Reset => sum.resets += 1,
            Cut::Close => sum.closes += 1,
        });
        match how {
            Cut::Reset => End::Reset,
            Cut::Close => End::Close,
        }
    }

    async fn say(mut self, end: End, streams: Vec<TcpStream>) {
        match end {
            End::Over => {}
            End::Reset => streams.into_iter().for_each(reset),
            End::Close => {
                futures_util::future::join_all(streams.into_iter().map(close)).await;
            }
            End::BlackHole => self.swallow(streams).await,
        }
    }

    /// Reads both sides until they end by themselves, or all connections are cut.
    async fn swallow(&mut self, mut streams: Vec<TcpStream>) {
        let tally = &self.tally;
        let directions = [Direction::Up, Direction::Down];
        let all = streams.iter_mut().zip(directions).map(|(stream, direction)| {
            swallow(stream, move |length| {
                tally.count(|sum| match direction {
                    Direction::Up => sum.up.swallowed += length,
                    Direction::Down => sum.down.swallowed += length,
                });
            })
        });
        tokio::select! {
            _ = futures_util::future::join_all(all) => return,
            _ = self.cuts.changed() => {}
        }
        match self.cut() {
            End::Reset => streams.into_iter().for_each(reset),
            _ => drop(streams),
        }
    }
}
