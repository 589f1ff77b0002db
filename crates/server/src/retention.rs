//! By which clock messages expire.
//!
//! The time of day may be wrong: a start with a wrong date must not delete anything. So the store remembers what the clock
//! said last, and a clock that leapt ahead is not believed before the server has run steadily for a day.
//!
//! [`RetentionClock`] is pure; `Retention` reads the clocks for it.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};

use crate::{Settings, clock::Clock, rules::Moment, store::History};

/// How far the time of day may leap ahead and be believed at once.
pub const LEAP: SignedDuration = SignedDuration::from_hours(24);

/// How long the server has to run, without another leap, until a leap is believed.
pub const STEADY: Duration = Duration::from_secs(24 * 60 * 60);

/// What the clocks said, for the next start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockRecord {
    /// The time by which messages expire.
    pub trusted: Timestamp,
    /// The time of day as the machine said it.
    pub seen: Timestamp,
    /// For how long the server has run since the time of day last leapt.
    pub steady: Duration,
}

/// The time by which messages expire. It follows the time of day, but not over a leap ahead of more than [`LEAP`]: then it
/// only counts the time that the server runs, until it has run for [`STEADY`].
#[derive(Debug, Clone)]
pub struct RetentionClock {
    /// When the record was made, by the clock that never jumps.
    at: Duration,
    record: ClockRecord,
}

impl RetentionClock {
    /// Continues from what the store has noted. Without a note the time of day is believed.
    pub fn resume(now: Moment, last: Option<ClockRecord>) -> Self {
        let record = last.unwrap_or(ClockRecord { trusted: now.wall, seen: now.wall, steady: Duration::ZERO });
        let mut clock = Self { at: now.monotonic, record };
        clock.advance(now);
        clock
    }

    /// Goes on to this moment; returns the time by which messages expire.
    pub fn advance(&mut self, now: Moment) -> Timestamp {
        let elapsed = now.monotonic.saturating_sub(self.at);
        self.at = self.at.max(now.monotonic);
        let record = &mut self.record;
        let leapt = now.wall.duration_since(later(record.seen, elapsed)).abs() > LEAP;
        record.steady = if leapt { Duration::ZERO } else { record.steady.saturating_add(elapsed) };
        let grown = later(record.trusted, elapsed);
        let believed = record.steady >= STEADY || now.wall.duration_since(grown) <= LEAP;
        record.trusted = if believed { now.wall } else { grown };
        record.seen = now.wall;
        record.trusted
    }

    /// What to note in the store.
    pub fn record(&self) -> ClockRecord {
        self.record
    }

    /// How far the time of day is ahead of what is believed, and for how long the server has to run until it is; none if
    /// it is believed.
    pub fn doubt(&self) -> Option<(SignedDuration, Duration)> {
        let ahead = self.record.seen.duration_since(self.record.trusted);
        (ahead > SignedDuration::ZERO).then(|| (ahead, STEADY.saturating_sub(self.record.steady)))
    }
}

fn later(instant: Timestamp, by: Duration) -> Timestamp {
    instant.checked_add(by).unwrap_or(Timestamp::MAX)
}

/// What a running server keeps, and by which time.
#[derive(Debug)]
pub(crate) struct Retention {
    clock: Clock,
    keep: History,
    trusted: Mutex<RetentionClock>,
}

impl Retention {
    /// `last` is what the store has noted.
    pub(crate) fn new(clock: Clock, settings: &Settings, last: Option<ClockRecord>) -> Self {
        Self {
            clock,
            keep: History {
                age: Some(settings.history_keep).filter(|age| !age.is_zero()),
                count: Some(u64::from(settings.history_count)).filter(|count| *count > 0),
            },
            trusted: Mutex::new(RetentionClock::resume(clock.now(), last)),
        }
    }

    /// The clock that it reads.
    pub(crate) fn clock(&self) -> Clock {
        self.clock
    }

    /// How much is kept.
    pub(crate) fn keep(&self) -> History {
        self.keep
    }

    /// The time by which messages expire.
    pub(crate) fn now(&self) -> Timestamp {
        self.read(RetentionClock::advance)
    }

    /// What was received before this has expired; none if nothing does.
    pub(crate) fn horizon(&self) -> Option<Timestamp> {
        let age = SignedDuration::try_from(self.keep.age?).ok()?;
        self.now().checked_sub(age).ok()
    }

    /// What to note in the store.
    pub(crate) fn record(&self) -> ClockRecord {
        self.read(|clock, now| {
            clock.advance(now);
            clock.record()
        })
    }

    /// As [`RetentionClock::doubt`].
    pub(crate) fn doubt(&self) -> Option<(SignedDuration, Duration)> {
        self.read(|clock, now| {
            clock.advance(now);
            clock.doubt()
        })
    }

    fn read<T>(&self, read: impl FnOnce(&mut RetentionClock, Moment) -> T) -> T {
        let mut clock = self.trusted.lock().unwrap_or_else(PoisonError::into_inner);
        read(&mut clock, self.clock.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn start() -> Timestamp {
        "2026-01-02T03:04:05Z".parse().unwrap()
    }

    fn moment(hours: u64, wall: Timestamp) -> Moment {
        Moment { monotonic: HOUR * u32::try_from(hours).unwrap(), wall }
    }

    fn days(days: i64) -> SignedDuration {
        SignedDuration::from_hours(24 * days)
    }

    /// A server that ran until `start`, by a right clock.
    fn before() -> ClockRecord {
        ClockRecord { trusted: start(), seen: start(), steady: STEADY * 9 }
    }

    #[test]
    fn a_leap_ahead_across_a_restart_is_believed_after_a_day_of_steady_running() {
        let leapt = start() + days(400);
        let mut clock = RetentionClock::resume(moment(0, leapt), Some(before()));
        assert_eq!(clock.doubt(), Some((days(400), STEADY)));
        assert_eq!(clock.advance(moment(23, leapt + HOUR * 23)), start() + HOUR * 23, "time that ran counts");
        // Another restart does not begin the day anew.
        let mut clock = RetentionClock::resume(moment(0, leapt + HOUR * 23), Some(clock.record()));
        assert_eq!(clock.doubt().unwrap().1, HOUR);
        assert_eq!(clock.advance(moment(1, leapt + HOUR * 24)), leapt + HOUR * 24);
        assert_eq!(clock.doubt(), None);
    }

    #[test]
    fn a_clock_that_is_set_right_again_leaves_nothing_behind() {
        let leapt = start() + days(400);
        let mut wrong = RetentionClock::resume(moment(0, leapt), Some(before()));
        wrong.advance(moment(2, leapt + HOUR * 2));
        let right = start() + HOUR * 3;
        let mut clock = RetentionClock::resume(moment(0, right), Some(wrong.record()));
        assert_eq!((clock.advance(moment(0, right)), clock.doubt()), (right, None));
        let again = RetentionClock::resume(moment(0, leapt + HOUR * 4), Some(clock.record()));
        assert!(again.doubt().is_some(), "the same leap is not believed the second time either");
    }

    #[test]
    fn a_leap_while_the_server_runs_is_not_believed_either() {
        let mut clock = RetentionClock::resume(moment(0, start()), Some(before()));
        let leapt = start() + days(30);
        assert_eq!(clock.advance(moment(1, leapt)), start() + HOUR);
        assert_eq!(clock.advance(moment(2, start() + HOUR * 2)), start() + HOUR * 2);
        assert_eq!(clock.doubt(), None);
    }

    #[test]
    fn an_hour_more_or_less_and_a_clock_that_is_set_back_are_followed() {
        for wall in [start() + HOUR, start() - HOUR, start() + LEAP, start() - days(400)] {
            let mut clock = RetentionClock::resume(moment(0, wall), Some(before()));
            assert_eq!((clock.advance(moment(0, wall)), clock.doubt()), (wall, None), "{wall}");
        }
        let back = RetentionClock::resume(moment(0, start() - days(400)), Some(before()));
        let forth = RetentionClock::resume(moment(0, start()), Some(back.record()));
        assert!(forth.doubt().is_some());
    }

    #[test]
    fn without_a_note_the_time_of_day_is_believed() {
        assert_eq!(RetentionClock::resume(moment(0, start()), None).doubt(), None);
    }
}
