//! Who is in a room, who is told, and how often. Pure: time comes in.
//!
//! A person is in the room while one of their connections listens to it. ENTRANCE is said when somebody comes in, not
//! at each reconnect; BROADCAST_UPDATE carries the numbers while they change (docs/protocol.md, section D.2). Neither
//! is stored.

use std::{
    collections::{BTreeMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    time::Duration,
};

use chatroom_wire::UserId;

use crate::Settings;

/// The people of one room.
#[derive(Debug)]
pub struct Presence {
    entrance_max_viewers: usize,
    entrance_quiet: Duration,
    interval: Duration,
    /// Who is here, with the number of their connections.
    here: BTreeMap<UserId, usize>,
    /// Who left a short while ago, and when.
    gone: BTreeMap<UserId, Duration>,
    /// Everybody who was ever here, as hashes: names would grow without end.
    ever: HashSet<u64>,
    told: Numbers,
    next_telling: Duration,
}

/// How many people.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Numbers {
    /// Who is here now.
    pub concurrent: usize,
    /// Who was ever here, since the server woke the room.
    pub total: usize,
}

impl Presence {
    /// An empty room.
    pub fn new(settings: &Settings) -> Self {
        Self {
            entrance_max_viewers: usize::try_from(settings.entrance_max_viewers).unwrap_or(usize::MAX),
            entrance_quiet: settings.entrance_quiet,
            interval: settings.presence_interval,
            here: BTreeMap::new(),
            gone: BTreeMap::new(),
            ever: HashSet::new(),
            told: Numbers::default(),
            next_telling: Duration::ZERO,
        }
    }

    /// A connection of this person begins to listen. Says whether an ENTRANCE is due.
    pub fn enter(&mut self, now: Duration, user: &UserId) -> bool {
        let connections = self.here.entry(user.clone()).or_default();
        *connections += 1;
        if *connections > 1 {
            return false;
        }
        self.ever.insert(fingerprint(user));
        let back_soon = self.gone.remove(user).is_some_and(|left| now < left + self.entrance_quiet);
        !back_soon && self.here.len() <= self.entrance_max_viewers
    }

    /// A connection of this person listens no more.
    pub fn leave(&mut self, now: Duration, user: &UserId) {
        let Some(connections) = self.here.get_mut(user) else { return };
        *connections -= 1;
        if *connections == 0 {
            self.here.remove(user);
            self.gone.insert(user.clone(), now);
        }
    }

    /// When to call [`Presence::handle_timeout`] again, if nobody comes or goes.
    pub fn poll_timeout(&self) -> Option<Duration> {
        (self.numbers() != self.told).then_some(self.next_telling)
    }

    /// Says the numbers if they are to be told now.
    pub fn handle_timeout(&mut self, now: Duration) -> Option<Numbers> {
        let numbers = self.numbers();
        if numbers == self.told || now < self.next_telling {
            return None;
        }
        self.told = numbers;
        self.next_telling = now + self.interval;
        self.gone.retain(|_, left| now < *left + self.entrance_quiet);
        Some(numbers)
    }

    /// The numbers as they are.
    pub fn numbers(&self) -> Numbers {
        Numbers { concurrent: self.here.len(), total: self.ever.len() }
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.here.is_empty()
    }
}

fn fingerprint(user: &UserId) -> u64 {
    let mut hasher = DefaultHasher::new();
    user.as_str().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn room() -> Presence {
        Presence::new(&Settings::default())
    }

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_first_connection_of_a_person_is_an_entrance_and_the_second_is_none() {
        let mut room = room();
        assert!(room.enter(at(0), &"ada".into()));
        assert!(!room.enter(at(0), &"ada".into()));
        assert!(room.enter(at(0), &"bob".into()));
        assert_eq!(room.numbers(), Numbers { concurrent: 2, total: 2 });
    }

    #[test]
    fn who_comes_back_soon_is_not_announced_and_who_comes_back_late_is() {
        let mut room = room();
        room.enter(at(0), &"ada".into());
        room.leave(at(10), &"ada".into());
        assert!(room.is_empty());
        assert!(!room.enter(at(609), &"ada".into()));
        room.leave(at(700), &"ada".into());
        assert!(room.enter(at(1300), &"ada".into()));
        assert_eq!(room.numbers().total, 1);
    }

    #[test]
    fn in_a_crowd_nobody_is_announced() {
        let mut settings = Settings::default();
        settings.set("entrance.max_viewers", "2").unwrap();
        let mut room = Presence::new(&settings);
        assert!(room.enter(at(0), &"a".into()));
        assert!(room.enter(at(0), &"b".into()));
        assert!(!room.enter(at(0), &"c".into()));
        room.leave(at(1), &"a".into());
        room.leave(at(1), &"b".into());
        assert!(room.enter(at(1), &"d".into()));
    }

    #[test]
    fn numbers_are_told_at_once_and_then_at_most_once_per_interval() {
        let mut room = room();
        assert_eq!(room.poll_timeout(), None, "an empty room has nothing to tell");
        room.enter(at(100), &"ada".into());
        assert_eq!(room.handle_timeout(at(100)), Some(Numbers { concurrent: 1, total: 1 }));
        assert_eq!(room.poll_timeout(), None);
        room.enter(at(101), &"bob".into());
        room.enter(at(102), &"eve".into());
        assert_eq!(room.poll_timeout(), Some(at(105)));
        assert_eq!(room.handle_timeout(at(104)), None);
        assert_eq!(room.handle_timeout(at(105)), Some(Numbers { concurrent: 3, total: 3 }));
    }

    #[test]
    fn a_change_that_was_undone_before_it_was_told_is_not_told() {
        let mut room = room();
        room.enter(at(0), &"ada".into());
        room.handle_timeout(at(0));
        room.leave(at(1), &"ada".into());
        room.enter(at(2), &"ada".into());
        assert_eq!(room.poll_timeout(), None);
    }

    #[test]
    fn a_leave_without_an_enter_is_nothing() {
        let mut room = room();
        room.leave(at(0), &"ada".into());
        assert_eq!(room.numbers(), Numbers::default());
    }

    proptest! {
        #[test]
        fn the_numbers_are_those_of_a_plain_count(steps in proptest::collection::vec((0usize..5, any::<bool>()), 0..200)) {
            let mut room = room();
            let mut connections = [0usize; 5];
            let mut ever = [false; 5];
            for (step, (who, enters)) in steps.into_iter().enumerate() {
                let now = Duration::from_secs(step as u64);
                let name = UserId::from(format!("user {who}"));
                if enters {
                    connections[who] += 1;
                    ever[who] = true;
                    room.enter(now, &name);
                } else {
                    connections[who] = connections[who].saturating_sub(1);
                    room.leave(now, &name);
                }
                let concurrent = connections.iter().filter(|count| **count > 0).count();
                let total = ever.iter().filter(|was| **was).count();
                prop_assert_eq!(room.numbers(), Numbers { concurrent, total });
            }
        }
    }
}
