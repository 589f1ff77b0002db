//! How many messages may be on their way: so few that none of them waits for its time to live behind the others.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use chatroom_client::Delivery;

/// Never more, however fast the room is.
const MOST: usize = 400;
/// The slowest pace that a room is taken to have.
const SLOWEST: Duration = Duration::from_secs(1);

/// The pace at which messages have been delivered.
#[derive(Debug)]
pub(super) struct Pace {
    /// Half the time to live: whoever waits behind what such a time has taken has as much again to spare.
    window: Duration,
    /// When the last ones were delivered, within the window.
    delivered: VecDeque<Instant>,
}

impl Pace {
    pub(super) fn new(time_to_live: Duration) -> Self {
        Self { window: time_to_live / 2, delivered: VecDeque::new() }
    }

    /// A message has ended like this.
    pub(super) fn heard(&mut self, delivery: &Delivery) {
        if matches!(delivery, Delivery::Delivered { .. }) {
            self.delivered(Instant::now());
        }
    }

    fn delivered(&mut self, now: Instant) {
        if self.delivered.len() == MOST {
            self.delivered.pop_front();
        }
        self.delivered.push_back(now);
    }

    /// How many may be on their way: as many as were delivered within the window, or as many as the slowest room takes in
    /// it.
    pub(super) fn most(&mut self, now: Instant) -> usize {
        let window = self.window;
        self.delivered.retain(|at| now.saturating_duration_since(*at) < window);
        let surely = window.as_nanos() / SLOWEST.as_nanos();
        let surely = usize::try_from(surely).unwrap_or(MOST);
        self.delivered.len().max(surely).clamp(1, MOST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Says so many messages in a room that takes one of them in each such time, after a burst. Answers the longest
    /// that one of them had to wait, and how long it took in all.
    fn say(count: usize, burst: usize, each: Duration, time_to_live: Duration) -> (Duration, Duration) {
        let start = Instant::now();
        let (mut now, mut longest) = (start, Duration::ZERO);
        let mut pace = Pace::new(time_to_live);
        let (mut taken, mut said) = (0, 0);
        let mut on_the_way = VecDeque::new();
        while said < count {
            while taken < count && on_the_way.len() < pace.most(now) {
                on_the_way.push_back(now);
                taken += 1;
            }
            now += if said < burst { Duration::from_millis(1) } else { each };
            let since = on_the_way.pop_front().expect("at least one may always be on its way");
            longest = longest.max(now - since);
            pace.delivered(now);
            said += 1;
        }
        (longest, now - start)
    }

    #[test]
    fn no_message_waits_for_its_time_to_live_behind_the_others() {
        for (each, seconds) in [(SECOND, 120), (SECOND, 30), (SECOND, 5), (SECOND / 5, 30), (SECOND / 5, 5)] {
            let burst = usize::try_from(2 * SECOND.as_millis() / each.as_millis()).unwrap();
            let (longest, all) = say(300, burst, each, SECOND * seconds);
            assert!(longest < SECOND * seconds, "{longest:?} of {seconds} s, at one each {each:?}");
            assert!(all < each * 301, "the room never waits: {all:?}");
        }
    }

    #[test]
    fn a_fast_room_soon_gets_as_many_as_there_may_be() {
        let mut pace = Pace::new(SECOND * 120);
        let now = Instant::now();
        assert_eq!(pace.most(now), 60);
        for _ in 0..1_000 {
            pace.delivered(now);
        }
        assert_eq!(pace.most(now), MOST);
        assert_eq!(pace.most(now + SECOND * 60), 60, "the pace of long ago says nothing");
    }

    #[test]
    fn one_message_may_always_be_on_its_way() {
        assert_eq!(Pace::new(Duration::from_millis(1)).most(Instant::now()), 1);
        assert_eq!(Pace::new(Duration::MAX).most(Instant::now()), MOST);
    }
}
