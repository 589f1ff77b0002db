//! How long to wait before the next attempt: full jitter, as reconnecting clients must not come all at once.

use std::time::Duration;

use crate::random::Random;

const BASE: Duration = Duration::from_secs(1);
const CAP: Duration = Duration::from_secs(60);
/// One CONNECT a second for a client id is what the vendor's broker allows (docs/protocol.md, section G.4).
const FLOOR: Duration = Duration::from_secs(1);
/// Nobody is kept waiting longer, whatever a server asks for.
const LONGEST_ASKED: Duration = Duration::from_secs(60 * 60);
/// How long a connection must live to count as good: a bare CONNACK resets nothing.
pub(crate) const STABLE: Duration = Duration::from_secs(30);

/// U(0, min(60 s, 1 s · 2ⁿ)), never under a second after the last CONNECT.
#[derive(Debug, Clone, Default)]
pub(crate) struct Backoff {
    attempt: u32,
    last_connect: Option<Duration>,
}

impl Backoff {
    /// A CONNECT goes out.
    pub(crate) fn connecting(&mut self, now: Duration) {
        self.last_connect = Some(now);
    }

    /// A connection has lived for [`STABLE`].
    pub(crate) fn reset(&mut self) {
        self.attempt = 0;
    }

    /// When to try again. What the server asks for wins over the jitter; a crowd that was told the same is spread over half
    /// of that again.
    pub(crate) fn next(&mut self, now: Duration, random: &mut Random, asked: Option<Duration>) -> Duration {
        let most = BASE.saturating_mul(2u32.saturating_pow(self.attempt)).min(CAP);
        self.attempt = self.attempt.saturating_add(1);
        let asked = asked.unwrap_or_default().min(LONGEST_ASKED);
        let spread = if asked.is_zero() { most } else { FLOOR.max(asked / 2) };
        let jitter = Duration::from_micros(random.below(u64::try_from(spread.as_micros()).unwrap_or(u64::MAX)));
        (now + asked + jitter).max(self.earliest(now))
    }

    /// The earliest moment for the next CONNECT.
    pub(crate) fn earliest(&self, now: Duration) -> Duration {
        self.last_connect.map_or(now, |last| (last + FLOOR).max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_spread_over_a_window_that_doubles_up_to_a_minute() {
        let mut random = Random::new(7);
        for (attempt, most) in [1, 2, 4, 8, 16, 32, 60, 60, 60].into_iter().enumerate() {
            let mut longest = Duration::ZERO;
            let mut shortest = Duration::MAX;
            for _ in 0..2_000 {
                let mut backoff = Backoff { attempt: u32::try_from(attempt).unwrap(), last_connect: None };
                let wait = backoff.next(Duration::ZERO, &mut random, None);
                longest = longest.max(wait);
                shortest = shortest.min(wait);
            }
            let most = Duration::from_secs(most);
            assert!(longest <= most && longest > most.mul_f64(0.98), "{attempt}: {longest:?}");
            assert!(shortest < most.mul_f64(0.02), "{attempt}: {shortest:?}");
        }
    }

    #[test]
    fn ten_thousand_waits_are_uniform_by_kolmogorov_and_smirnov() {
        let mut random = Random::new(42);
        let mut waits: Vec<f64> = (0..10_000)
            .map(|_| {
                Backoff { attempt: 6, last_connect: None }.next(Duration::ZERO, &mut random, None).as_secs_f64() / 60.0
            })
            .collect();
        waits.sort_by(f64::total_cmp);
        let distance =
            waits.iter().zip(0u32..).map(|(wait, rank)| (wait - f64::from(rank) / 10_000.0).abs()).fold(0.0, f64::max);
        // 1.63 / √n is the bound of the test at p = 0.01.
        assert!(distance < 1.63 / 100.0, "{distance}");
    }

    #[test]
    fn no_connect_follows_another_within_a_second() {
        let mut random = Random::new(1);
        let mut backoff = Backoff::default();
        for second in 0..100 {
            let now = Duration::from_secs(second * 2);
            backoff.connecting(now);
            backoff.reset();
            assert!(backoff.next(now, &mut random, None) >= now + FLOOR);
        }
    }

    #[test]
    fn what_the_server_asks_for_wins() {
        let mut random = Random::new(1);
        let asked = Duration::from_secs(90);
        let mut waits: Vec<_> =
            (0..1_000).map(|_| Backoff::default().next(Duration::ZERO, &mut random, Some(asked))).collect();
        waits.sort();
        assert!(waits[0] >= asked && waits[999] <= asked * 3 / 2, "{:?} to {:?}", waits[0], waits[999]);
        assert!(waits[999] > waits[0] + Duration::from_secs(40), "a crowd comes back one by one");
        let absurd = Backoff::default().next(Duration::ZERO, &mut random, Some(Duration::MAX));
        assert!(absurd <= LONGEST_ASKED * 3 / 2, "{absurd:?}");
    }
}
