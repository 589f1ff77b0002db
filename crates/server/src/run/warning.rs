//! What an operator should know when the server starts.

use std::{fmt, time::Duration};

use jiff::{SignedDuration, Timestamp};

/// Something that is not as it should be, and with which the server starts all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StartWarning {
    /// The time of day is far ahead of when the server ran last, so that nothing expires by it for now.
    ClockLeapt {
        /// How far.
        ahead: SignedDuration,
        /// For how long the server has to run until it is believed.
        wait: Duration,
    },
    /// Messages were stamped in the future.
    StampsAhead {
        /// How far the newest of them is ahead.
        ahead: SignedDuration,
        /// Its stamp.
        until: Timestamp,
    },
}

impl fmt::Display for StartWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClockLeapt { ahead, wait } => write!(
                f,
                "this machine's clock is {} ahead of when the server ran last; no message expires by it until the server \
                 has run for {}; if the clock is right, start with --accept-clock",
                words(ahead.unsigned_abs()),
                words(*wait)
            ),
            Self::StampsAhead { ahead, until } => write!(
                f,
                "the newest message is stamped {until:.0}, {} ahead of this machine's clock; until then, new messages are \
                 stamped right behind it, to keep the order",
                words(ahead.unsigned_abs())
            ),
        }
    }
}

/// A time in the largest unit that says enough, rounded.
fn words(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (size, unit) = match seconds {
        0..120 => (1, "second"),
        120..7_200 => (60, "minute"),
        7_200..172_800 => (3_600, "hour"),
        _ => (86_400, "day"),
    };
    let number = (seconds + size / 2) / size;
    format!("{number} {unit}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_say_by_how_much_and_until_when() {
        let leapt =
            StartWarning::ClockLeapt { ahead: SignedDuration::from_hours(9_601), wait: Duration::from_secs(86_399) };
        assert!(leapt.to_string().contains("400 days ahead of when the server ran last"), "{leapt}");
        assert!(leapt.to_string().contains("has run for 24 hours; if the clock is right, start with --accept-clock"));
        let until = "2027-01-02T03:04:05.123456789Z".parse().unwrap();
        let ahead = StartWarning::StampsAhead { ahead: SignedDuration::from_secs(3_000), until };
        assert!(ahead.to_string().contains("stamped 2027-01-02T03:04:05Z, 50 minutes ahead of"), "{ahead}");
    }
}
