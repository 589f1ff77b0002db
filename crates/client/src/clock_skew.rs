//! The difference between this machine's clock and the service's, from the `Date` header of its answers.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use jiff::{SignedDuration, Timestamp, fmt::rfc2822::DateTimeParser};
use reqwest::header::{DATE, HeaderMap, HeaderValue};

/// No answer has told yet.
const UNKNOWN: i64 = i64::MIN;

/// By how many seconds this machine's clock was ahead at the last answer. Clones share it.
#[derive(Debug, Clone)]
pub(crate) struct ClockSkew(Arc<AtomicI64>);

impl Default for ClockSkew {
    fn default() -> Self {
        Self(Arc::new(AtomicI64::new(UNKNOWN)))
    }
}

impl ClockSkew {
    /// Takes the time of an answer in.
    pub(crate) fn learn(&self, answer: &HeaderMap, now: Timestamp) {
        if let Some(date) = answer.get(DATE).and_then(timestamp) {
            self.0.store(now.duration_since(date).as_secs(), Ordering::Relaxed);
        }
    }

    /// By how much this machine's clock is ahead; negative where it is behind.
    pub(crate) fn ahead(&self) -> Option<SignedDuration> {
        let seconds = self.0.load(Ordering::Relaxed);
        (seconds != UNKNOWN).then(|| SignedDuration::from_secs(seconds))
    }
}

/// Reads a date as it stands in a header.
pub(crate) fn timestamp(value: &HeaderValue) -> Option<Timestamp> {
    DateTimeParser::new().parse_timestamp(value.to_str().ok()?.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answer_tells_how_far_the_clock_is_off() {
        let skew = ClockSkew::default();
        let now = "1994-11-08T08:49:37Z".parse().unwrap();
        let answer = |date| HeaderMap::from_iter([(DATE, HeaderValue::from_static(date))]);
        skew.learn(&HeaderMap::new(), now);
        skew.learn(&answer("yesterday"), now);
        assert_eq!(skew.ahead(), None);
        skew.learn(&answer("Sun, 06 Nov 1994 08:49:37 GMT"), now);
        assert_eq!(skew.ahead(), Some(SignedDuration::from_hours(48)));
        skew.learn(&answer("Tue, 08 Nov 1994 08:50:37 GMT"), now);
        assert_eq!(skew.ahead(), Some(SignedDuration::from_mins(-1)));
    }
}
