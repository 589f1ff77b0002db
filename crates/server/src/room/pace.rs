//! When news of something that changes often are told: at once, then at most once in a while, the last always. Pure: time
//! comes in. What the news are is asked for when they are told.

use std::{collections::BTreeMap, time::Duration};

/// The pace of many things, each with a key.
#[derive(Debug)]
pub(super) struct Pace<K> {
    interval: Duration,
    beats: BTreeMap<K, Beat>,
}

#[derive(Debug)]
struct Beat {
    /// Whether there is something to tell.
    pending: bool,
    /// When it may be told.
    next: Duration,
}

impl<K: Ord + Clone> Pace<K> {
    /// Tells each thing at most once in this time.
    pub(super) fn new(interval: Duration) -> Self {
        Self { interval, beats: BTreeMap::new() }
    }

    /// This has changed.
    pub(super) fn changed(&mut self, now: Duration, key: &K) {
        match self.beats.get_mut(key) {
            Some(beat) => beat.pending = true,
            None => drop(self.beats.insert(key.clone(), Beat { pending: true, next: now })),
        }
    }

    /// When to call [`Pace::take_due`], if there is anything to tell.
    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        self.beats.values().filter(|beat| beat.pending).map(|beat| beat.next).min()
    }

    /// What is to be told now.
    pub(super) fn take_due(&mut self, now: Duration) -> Vec<K> {
        self.beats.retain(|_, beat| beat.pending || now < beat.next);
        let due = self.beats.iter_mut().filter(|(_, beat)| beat.pending && beat.next <= now);
        let told = due.map(|(key, beat)| {
            *beat = Beat { pending: false, next: now + self.interval };
            key.clone()
        });
        told.collect()
    }

    /// All that is still to be told, whether it is time or not.
    pub(super) fn take_all(&mut self) -> Vec<K> {
        std::mem::take(&mut self.beats).into_iter().filter(|(_, beat)| beat.pending).map(|(key, _)| key).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pace() -> Pace<&'static str> {
        Pace::new(Duration::from_secs(1))
    }

    fn at(milliseconds: u64) -> Duration {
        Duration::from_millis(5000 + milliseconds)
    }

    #[test]
    fn the_first_change_is_told_at_once_and_the_last_when_the_interval_is_over() {
        let mut pace = pace();
        assert_eq!(pace.poll_timeout(), None);
        pace.changed(at(0), &"like");
        assert_eq!(pace.poll_timeout(), Some(at(0)));
        assert_eq!(pace.take_due(at(0)), ["like"]);
        assert_eq!(pace.poll_timeout(), None);
        for milliseconds in [1, 500, 999] {
            pace.changed(at(milliseconds), &"like");
            assert_eq!(pace.take_due(at(milliseconds)), [""; 0]);
        }
        assert_eq!(pace.poll_timeout(), Some(at(1000)));
        assert_eq!(pace.take_due(at(1000)), ["like"]);
        assert_eq!(pace.poll_timeout(), None, "all is told");
    }

    #[test]
    fn each_key_has_its_own_pace() {
        let mut pace = pace();
        pace.changed(at(0), &"like");
        pace.take_due(at(0));
        pace.changed(at(400), &"wow");
        pace.changed(at(400), &"like");
        assert_eq!(pace.take_due(at(400)), ["wow"]);
        assert_eq!(pace.take_due(at(1000)), ["like"]);
    }

    #[test]
    fn what_is_quiet_is_forgotten() {
        let mut pace = pace();
        pace.changed(at(0), &"like");
        pace.take_due(at(0));
        pace.take_due(at(1000));
        assert!(pace.beats.is_empty());
    }

    #[test]
    fn at_the_end_all_that_waits_is_told() {
        let mut pace = pace();
        pace.changed(at(0), &"like");
        pace.changed(at(0), &"wow");
        pace.take_due(at(0));
        pace.changed(at(1), &"wow");
        assert_eq!(pace.take_all(), ["wow"]);
        assert_eq!(pace.poll_timeout(), None);
    }

    proptest! {
        #[test]
        fn nothing_is_told_twice_within_the_interval_and_every_change_is_told_at_last(
            changes in proptest::collection::vec((0u64..700, 0u8..3), 1..100),
        ) {
            let mut pace: Pace<u8> = Pace::new(Duration::from_secs(1));
            let (mut now, mut told) = (at(0), BTreeMap::<u8, Duration>::new());
            let mut untold = BTreeMap::new();
            let mut tell = |pace: &mut Pace<u8>, now: Duration, untold: &mut BTreeMap<u8, Duration>| {
                for key in pace.take_due(now) {
                    let last = told.insert(key, now);
                    assert!(last.is_none_or(|last| now >= last + Duration::from_secs(1)));
                    assert!(untold.remove(&key).is_some(), "nothing is told that has not changed");
                }
            };
            for (gap, key) in changes {
                let until = now + Duration::from_millis(gap);
                while let Some(due) = pace.poll_timeout().filter(|due| *due <= until) {
                    tell(&mut pace, due.max(now), &mut untold);
                }
                now = until;
                pace.changed(now, &key);
                untold.entry(key).or_insert(now);
            }
            while let Some(due) = pace.poll_timeout() {
                tell(&mut pace, due.max(now), &mut untold);
            }
            prop_assert!(untold.is_empty());
        }
    }
}
