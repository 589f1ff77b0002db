//! Both clocks of the server, read in one place.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::rules::Moment;

/// Monotonic time since the server started, and the time of day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
    /// The time of day then.
    began: Timestamp,
}

impl Clock {
    /// A clock whose monotonic time begins now.
    pub(crate) fn start() -> Self {
        Self::since(Timestamp::now())
    }

    fn since(began: Timestamp) -> Self {
        Self { origin: Instant::now(), began }
    }

    /// Since the start.
    pub(crate) fn monotonic(self) -> Duration {
        self.origin.elapsed()
    }

    /// Both.
    pub(crate) fn now(self) -> Moment {
        Moment { monotonic: self.monotonic(), wall: Timestamp::now() }
    }

    /// The time of day by which things grow old: what is removed because a clock was set wrong does not come back when it
    /// is set right. So it is not later than what has passed since the start allows.
    pub(crate) fn grown(self) -> Timestamp {
        let wall = Timestamp::now();
        self.began.checked_add(self.monotonic()).map_or(wall, |passed| passed.min(wall))
    }

    /// The instant for the runtime's timers.
    pub(crate) fn instant(self, monotonic: Duration) -> Instant {
        self.origin + monotonic
    }
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan as _;

    use super::*;

    #[test]
    fn nothing_grows_old_because_the_time_of_day_jumps() {
        let began = Timestamp::now() - 720.hours();
        let clock = Clock::since(began);
        let jumped_ahead = clock.grown();
        assert!(jumped_ahead >= began && jumped_ahead < began + 700.hours());
        let clock = Clock::since(Timestamp::now() + 720.hours());
        assert!(clock.grown() <= Timestamp::now(), "a clock that was ahead is not held against anything either");
    }
}
