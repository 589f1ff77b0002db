//! A token bucket, kept as one instant: when it is full again. Pure: time comes in.

use std::time::Duration;

/// A bucket that fills with time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    full_at: Duration,
}

impl Bucket {
    /// A bucket that is full now.
    pub(crate) fn full(now: Duration) -> Self {
        Self { full_at: now }
    }

    /// Takes what fills again within `cost` out of a bucket that holds what fills within `burst`. A full bucket gives
    /// whatever is asked for.
    ///
    /// # Errors
    /// With the time after which there is enough; nothing is taken then.
    pub(crate) fn take(&mut self, now: Duration, cost: Duration, burst: Duration) -> Result<(), Duration> {
        let full_at = self.full_at.max(now) + cost;
        if full_at > now + burst && !self.is_full(now) {
            return Err(full_at.saturating_sub(now + burst));
        }
        self.full_at = full_at;
        Ok(())
    }

    /// Whether it is as good as new.
    pub(crate) fn is_full(self, now: Duration) -> bool {
        self.full_at <= now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_gives_its_burst_at_once_and_then_what_fills() {
        let (second, mut bucket) = (Duration::from_secs(1), Bucket::full(Duration::ZERO));
        for _ in 0..3 {
            assert_eq!(bucket.take(Duration::ZERO, second, 3 * second), Ok(()));
        }
        assert_eq!(bucket.take(Duration::ZERO, second, 3 * second), Err(second));
        assert_eq!(bucket.take(second / 2, second, 3 * second), Err(second / 2));
        assert_eq!(bucket.take(second, second, 3 * second), Ok(()));
        assert!(!bucket.is_full(second) && bucket.is_full(4 * second));
    }

    #[test]
    fn a_full_bucket_gives_more_than_it_holds_rather_than_nothing_for_ever() {
        let (second, mut bucket) = (Duration::from_secs(1), Bucket::full(Duration::ZERO));
        assert_eq!(bucket.take(Duration::ZERO, 9 * second, second), Ok(()));
        assert_eq!(bucket.take(second, second, second), Err(8 * second));
    }
}
