//! Which failures of a page pass by themselves, and how long to wait for that. Pure.

use std::time::Duration;

use chatroom_client::CallError;

/// So many times in a row a page is asked for again.
const TRIES: u32 = 5;
/// A service may ask for more time than a person has.
const LONGEST: Duration = Duration::from_secs(60);

/// Patience with a service that fails for now.
#[derive(Debug, Default)]
pub(super) struct Patience {
    /// Whether anything was ever answered: a service that never did is more likely the wrong one.
    known: bool,
    failed: u32,
}

impl Patience {
    /// A page came.
    pub(super) fn is_rewarded(&mut self) {
        *self = Self { known: true, failed: 0 };
    }

    /// How long to wait before the page is asked for again; none where that is in vain.
    pub(super) fn after(&mut self, error: &CallError) -> Option<Duration> {
        let (passes, asked_for) = match error {
            CallError::Status { status: 429 | 503, retry_after, .. } => (true, *retry_after),
            CallError::Status { status: 408 | 425 | 500.., retry_after, .. } => (self.known, *retry_after),
            CallError::Unreachable(_) | CallError::TimedOut => (self.known, None),
            _ => (false, None),
        };
        if !passes || self.failed == TRIES {
            return None;
        }
        let wait = Duration::from_secs(1 << self.failed);
        self.failed += 1;
        Some(wait.max(asked_for.unwrap_or_default()).min(LONGEST))
    }
}

#[cfg(test)]
mod tests {
    use chatroom_wire::rest::ErrorBody;

    use super::*;

    fn status(status: u16, retry_after: Option<u64>) -> CallError {
        CallError::Status { status, body: ErrorBody::default(), retry_after: retry_after.map(Duration::from_secs) }
    }

    fn waits(patience: &mut Patience, error: &CallError) -> Vec<u64> {
        std::iter::from_fn(|| patience.after(error)).map(|wait| wait.as_secs()).collect()
    }

    #[test]
    fn a_service_that_answered_before_is_asked_again_for_a_while() {
        let mut patience = Patience::default();
        patience.is_rewarded();
        let gone = CallError::Unreachable("connection refused".to_owned());
        assert_eq!(waits(&mut patience, &gone), [1, 2, 4, 8, 16]);
        patience.is_rewarded();
        assert_eq!(waits(&mut patience, &status(502, None)), [1, 2, 4, 8, 16]);
    }

    #[test]
    fn a_service_that_never_answered_and_one_that_says_no_are_not_asked_again() {
        assert!(waits(&mut Patience::default(), &CallError::TimedOut).is_empty());
        let mut patience = Patience::default();
        patience.is_rewarded();
        for refusal in [400, 401, 403, 404] {
            assert!(waits(&mut patience, &status(refusal, None)).is_empty());
        }
    }

    #[test]
    fn a_service_that_is_busy_is_given_the_time_that_it_asks_for() {
        assert_eq!(waits(&mut Patience::default(), &status(429, Some(3))), [3, 3, 4, 8, 16]);
        assert_eq!(Patience::default().after(&status(503, Some(9999))), Some(LONGEST));
    }
}
