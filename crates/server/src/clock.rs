//! Both clocks of the server, read in one place.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::rules::Moment;

/// Monotonic time since the server started, and the time of day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    /// A clock whose monotonic time begins now.
    pub(crate) fn start() -> Self {
        Self { origin: Instant::now() }
    }

    /// Since the start.
    pub(crate) fn monotonic(self) -> Duration {
        self.origin.elapsed()
    }

    /// Both.
    pub(crate) fn now(self) -> Moment {
        Moment { monotonic: self.monotonic(), wall: Timestamp::now() }
    }

    /// The instant for the runtime's timers.
    pub(crate) fn instant(self, monotonic: Duration) -> Instant {
        self.origin + monotonic
    }
}
