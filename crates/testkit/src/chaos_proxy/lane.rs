//! One direction of one connection, without IO: which bytes go on, when, and where something happens.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::{Bytes, BytesMut};

use super::counters::{Counters, Passed};
use super::dice::Dice;
use super::plan::When;
use super::point::{Direction, Place};
use super::scan::{Mark, Scanner};
use super::script::Fault;
use super::shape::Shaper;

/// How many bytes may wait; the sender is not read further until there are fewer.
const ROOM: usize = 256 * 1024;

/// One direction of one connection.
#[derive(Debug)]
pub(super) struct Lane {
    direction: Direction,
    scanner: Scanner,
    points: Vec<(usize, When)>,
    /// Found points that were not reached yet: position, and whose point it is.
    stops: BTreeSet<(u64, usize)>,
    /// Bytes that were looked at and not passed to the shaper.
    held: BytesMut,
    /// The position of the first of these.
    passed: u64,
    reached: Option<usize>,
    shaper: Shaper,
    has_ended: bool,
    swallows: bool,
    /// What was counted since somebody took it away.
    pub(super) counted: Counters,
}

/// What is to be done next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// These bytes are to be written, as one write.
    Write(Bytes),
    /// All before the point of this number has been written, and nothing behind it.
    Reached(usize),
    /// All has been written.
    Finished,
    /// Nothing, until bytes come or until then.
    Wait(Option<Duration>),
}

impl Lane {
    pub(super) fn new(direction: Direction) -> Self {
        Self {
            direction,
            scanner: Scanner::new(),
            points: Vec::new(),
            stops: BTreeSet::new(),
            held: BytesMut::new(),
            passed: 0,
            reached: None,
            shaper: Shaper::default(),
            has_ended: false,
            swallows: false,
            counted: Counters::default(),
        }
    }

    /// Forgets all shapes and points.
    pub(super) fn calm(&mut self) {
        self.shaper.lift();
        self.points.clear();
        self.stops.clear();
        self.reached = None;
    }

    /// Looks out for a point of this direction; [`Step::Reached`] will name it by this number.
    pub(super) fn look_out(&mut self, number: usize, when: When) {
        match when {
            When::Bytes { count, .. } => {
                self.stops.insert((self.passed.saturating_add(count), number));
            }
            When::Handshake { .. } | When::Upgrade { .. } | When::Packet { .. } | When::Frame { .. } => {
                self.points.push((number, when));
            }
            When::Start | When::After(_) => {}
        }
    }

    pub(super) fn shape(&mut self, fault: &Fault, dice: Dice) {
        self.shaper.shape(fault, dice);
    }

    /// Passes nothing on from now on.
    pub(super) fn swallow(&mut self) {
        self.swallows = true;
        self.calm();
        let waiting = self.shaper.waiting() + self.held.len();
        self.tally().swallowed += waiting as u64;
        self.shaper = Shaper::default();
        self.held.clear();
    }

    pub(super) fn swallows(&self) -> bool {
        self.swallows
    }

    /// Whether more bytes may come.
    pub(super) fn has_room(&self) -> bool {
        !self.has_ended && self.held.len() + self.shaper.waiting() < ROOM
    }

    pub(super) fn receive(&mut self, bytes: &[u8]) {
        if self.swallows {
            self.tally().swallowed += bytes.len() as u64;
            return;
        }
        let mut whole = Passed::default();
        let (points, stops, passed) = (&mut self.points, &mut self.stops, self.passed);
        self.scanner.scan(bytes, |mark| {
            count(mark, &mut whole);
            points.retain_mut(|(number, when)| match when.meet(mark) {
                Some(at) => {
                    stops.insert((at.max(passed), *number));
                    false
                }
                None => true,
            });
        });
        let tally = self.tally();
        tally.frames += whole.frames;
        tally.packets += whole.packets;
        self.held.extend_from_slice(bytes);
    }

    /// No more bytes will come.
    pub(super) fn end(&mut self) {
        self.has_ended = true;
    }

    pub(super) fn poll(&mut self, now: Duration) -> Step {
        if !self.swallows {
            self.advance(now);
            if let Some(bytes) = self.shaper.pop(now, &mut self.counted) {
                self.tally().bytes += bytes.len() as u64;
                return Step::Write(bytes);
            }
            if let Some(due) = self.shaper.due() {
                return Step::Wait(Some(due));
            }
            if let Some(number) = self.reached.take() {
                return Step::Reached(number);
            }
        }
        if self.has_ended { Step::Finished } else { Step::Wait(None) }
    }

    /// Hands bytes to the shaper, up to the next point.
    fn advance(&mut self, now: Duration) {
        // Where to cut a head is known when it is whole.
        let waits_for_head = self.scanner.is_in_head()
            && !self.has_ended
            && self.points.iter().any(|(_, when)| matches!(when, When::Upgrade { .. }));
        if self.reached.is_some() || waits_for_head {
            return;
        }
        let mut length = self.held.len();
        if let Some(&(at, number)) = self.stops.first() {
            let before = usize::try_from(at.saturating_sub(self.passed)).unwrap_or(usize::MAX);
            if before <= length {
                length = before;
                self.reached = Some(number);
                self.stops.pop_first();
            }
        }
        self.passed += length as u64;
        self.shaper.push(now, self.held.split_to(length), &mut self.counted);
    }

    fn tally(&mut self) -> &mut Passed {
        match self.direction {
            Direction::Up => &mut self.counted.up,
            Direction::Down => &mut self.counted.down,
        }
    }
}

fn count(mark: Mark, whole: &mut Passed) {
    match mark {
        Mark::Frame(found) if found.place == Place::After => whole.frames += 1,
        Mark::Packet { found, .. } if found.place == Place::After => whole.packets += 1,
        Mark::Frame(_) | Mark::Packet { .. } | Mark::Tls | Mark::Upgrade { .. } => {}
    }
}

#[cfg(test)]
mod tests;
