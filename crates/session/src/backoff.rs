//! How long to wait before the next attempt: jittered, as reconnecting clients must not come all at once.
//!
//! A crowd that loses one server at one instant must come back evenly after an outage of any length. So a wait depends on
//! how long the outage has lasted, not on the number of attempts: clients that waited equally long then wait in windows of
//! the same size. No wait of a window begins before its half: a crowd whose waits began at zero would come back with twice
//! the mean at first.

use std::time::Duration;

use crate::random::Random;

/// The first wait is uniform up to here; no later window ends earlier.
const FIRST: Duration = Duration::from_secs(2);
/// The longest window, for who was not live for [`RECENT`] …
const CAP: Duration = Duration::from_secs(60);
/// … and for who was.
const CAP_RECENT: Duration = Duration::from_secs(30);
const RECENT: Duration = Duration::from_secs(10 * 60);
/// A connection that was live for so long sets the back-off back; a shorter one in proportion. A bare CONNACK: not at all.
const STEADY: Duration = Duration::from_secs(2);
/// One CONNECT a second for a client id is what the vendor's broker allows (docs/protocol.md, section G.4).
const FLOOR: Duration = Duration::from_secs(1);
/// Nobody is kept waiting longer, whatever a server asks for.
const LONGEST_ASKED: Duration = Duration::from_secs(60 * 60);

/// First U(0, 2 s), then U(w/2, w), where w is 0.8 of the time that was waited so far, from 2 s to 30 s or 60 s; never under
/// a second after the last CONNECT.
#[derive(Debug, Clone, Default)]
pub(crate) struct Backoff {
    /// The sum of the waits since a connection was live for long enough.
    waited: Duration,
    last_live: Option<Duration>,
    last_connect: Option<Duration>,
}

impl Backoff {
    /// A CONNECT goes out.
    pub(crate) fn connecting(&mut self, now: Duration) {
        self.last_connect = Some(now);
    }

    /// A connection that had joined and backfilled is lost after so long.
    pub(crate) fn was_live(&mut self, now: Duration, lived: Duration) {
        self.last_live = Some(now);
        let share = STEADY.saturating_sub(lived).as_secs_f64() / STEADY.as_secs_f64();
        self.waited = self.waited.mul_f64(share);
    }

    /// When to try again. What the server asks for wins over the jitter; a crowd that was told the same is spread over half
    /// of that again.
    pub(crate) fn next(&mut self, now: Duration, random: &mut Random, asked: Option<Duration>) -> Duration {
        let asked = asked.unwrap_or_default().min(LONGEST_ASKED);
        let (least, most) = if asked.is_zero() { self.window(now) } else { (Duration::ZERO, FLOOR.max(asked / 2)) };
        let spread = u64::try_from(most.saturating_sub(least).as_micros()).unwrap_or(u64::MAX);
        let wait = least + Duration::from_micros(random.below(spread));
        self.waited = self.waited.saturating_add(wait);
        (now + asked + wait).max(self.earliest(now))
    }

    /// The shortest and the longest next wait.
    fn window(&self, now: Duration) -> (Duration, Duration) {
        if self.waited.is_zero() {
            return (Duration::ZERO, FIRST);
        }
        let recent = self.last_live.is_some_and(|at| now.saturating_sub(at) < RECENT);
        let most = (self.waited * 4 / 5).clamp(FIRST, if recent { CAP_RECENT } else { CAP });
        (most / 2, most)
    }

    /// The earliest moment for the next CONNECT.
    pub(crate) fn earliest(&self, now: Duration) -> Duration {
        self.last_connect.map_or(now, |last| (last + FLOOR).max(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn waited(seconds: u64) -> Backoff {
        Backoff { waited: SECOND * u32::try_from(seconds).unwrap(), ..Backoff::default() }
    }

    fn waits(backoff: &Backoff, now: Duration) -> Vec<Duration> {
        let mut random = Random::new(7);
        let mut waits: Vec<_> =
            (0..10_000).map(|_| backoff.clone().next(now, &mut random, None).saturating_sub(now)).collect();
        waits.sort_unstable();
        waits
    }

    #[test]
    fn waits_are_spread_over_a_window_that_grows_with_the_outage_up_to_a_minute() {
        for (outage, least, most) in
            [(0, 0.0, 2.0), (1, 1.0, 2.0), (5, 2.0, 4.0), (20, 8.0, 16.0), (75, 30.0, 60.0), (900, 30.0, 60.0)]
        {
            let waits = waits(&waited(outage), Duration::ZERO);
            let (shortest, longest) = (waits[0].as_secs_f64(), waits[waits.len() - 1].as_secs_f64());
            assert!(shortest >= least && shortest < least + 0.01 * most, "{outage}: {shortest}");
            assert!(longest <= most && longest > 0.99 * most, "{outage}: {longest}");
        }
    }

    #[test]
    fn who_was_live_in_the_last_ten_minutes_waits_for_half_a_minute_at_most() {
        let mut backoff = Backoff::default();
        backoff.was_live(Duration::ZERO, SECOND * 60);
        backoff.waited = SECOND * 500;
        assert!(waits(&backoff, SECOND * 599).into_iter().all(|wait| wait <= SECOND * 30));
        assert!(waits(&backoff, SECOND * 600).into_iter().any(|wait| wait > SECOND * 50));
    }

    #[test]
    fn two_seconds_of_being_live_set_the_wait_back_and_less_does_so_in_proportion() {
        for (lived, left) in [(0, 40), (500, 30), (1_000, 20), (2_000, 0), (9_000, 0)] {
            let mut backoff = waited(40);
            backoff.was_live(Duration::ZERO, Duration::from_millis(lived));
            assert_eq!(backoff.waited, SECOND * left, "{lived} ms");
        }
    }

    #[test]
    fn ten_thousand_waits_are_uniform_by_kolmogorov_and_smirnov() {
        let waits = waits(&waited(900), Duration::ZERO).into_iter().map(|wait| wait.as_secs_f64() / 30.0 - 1.0);
        let distance =
            waits.zip(0u32..).map(|(wait, rank)| (wait - f64::from(rank) / 10_000.0).abs()).fold(0.0, f64::max);
        // 1.63 / √n is the bound of the test at p = 0.01.
        assert!(distance < 1.63 / 100.0, "{distance}");
    }

    #[test]
    fn no_connect_follows_another_within_a_second() {
        let mut random = Random::new(1);
        let mut backoff = Backoff::default();
        for second in 0..100 {
            let now = SECOND * second * 2;
            backoff.connecting(now);
            backoff.was_live(now, SECOND * 60);
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
