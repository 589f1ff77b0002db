//! How connections end.

use tokio::net::TcpStream;
use tokio::sync::watch;

use super::Cut;
use super::counters::{Counters, Tally};
use super::plan::Hit;
use super::point::Direction;
use super::script::Fault;
use super::socket::{close, reset, swallow};

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum End {
    Reset,
    Close,
    BlackHole,
    /// Both sides have ended by themselves.
    Over,
}

/// Ends connections, and counts that.
pub(super) struct Farewell {
    pub(super) cuts: watch::Receiver<Cut>,
    pub(super) tally: Tally,
}

impl Farewell {
    /// Counts what a rule does.
    pub(super) fn count(&self, hit: &Hit) {
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
    pub(super) fn cut(&self) -> End {
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

    pub(super) async fn say(mut self, end: End, streams: Vec<TcpStream>) {
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

impl End {
    /// The end that a fault is; a direction that stops before there are two is both.
    pub(super) fn of(fault: &Fault) -> Self {
        match fault {
            Fault::Reset => Self::Reset,
            Fault::Close => Self::Close,
            _ => Self::BlackHole,
        }
    }
}
