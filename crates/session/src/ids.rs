//! Ids for own messages: UUIDv7, so that they sort as they were made.

use chacha20::{
    ChaCha12Rng,
    rand_core::{Rng, SeedableRng},
};
use chatroom_wire::MessageId;
use jiff::Timestamp;
use uuid::Builder;

use crate::random::Random;

/// Makes ids that grow, also within a millisecond and when the date jumps back. Ids are seen by the whole room: who has
/// seen some must not know the next ones, or could take them first, and the message would be lost as a repetition.
#[derive(Debug)]
pub(crate) struct Ids {
    random: ChaCha12Rng,
    millisecond: u64,
    count: u16,
}

/// As many fit in the 12 bits behind the time.
const PER_MILLISECOND: u16 = 1 << 12;

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: ChaCha12Rng::seed_from_u64(seed), millisecond: 0, count: 0 }
    }

    /// Randomness for jitter, whose use tells nothing of the ids.
    pub(crate) fn jitter(&mut self) -> Random {
        Random::new(self.random.next_u64())
    }

    pub(crate) fn make(&mut self, wall: Timestamp) -> MessageId {
        let millisecond = u64::try_from(wall.as_millisecond()).unwrap_or(0);
        if millisecond > self.millisecond {
            self.millisecond = millisecond;
            self.count = 0;
        } else if self.count + 1 < PER_MILLISECOND {
            self.count += 1;
        } else {
            self.millisecond += 1;
            self.count = 0;
        }
        let mut rest = [0; 10];
        rest[..2].copy_from_slice(&self.count.to_be_bytes());
        rest[2..].copy_from_slice(&self.random.next_u64().to_be_bytes());
        let uuid = Builder::from_unix_timestamp_millis(self.millisecond, &rest).into_uuid();
        MessageId::from(uuid.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_grow_within_a_millisecond_and_when_the_date_jumps_back() {
        let mut ids = Ids::new(1);
        let mut last = ids.make(Timestamp::from_millisecond(1_000_000).unwrap());
        for step in 0..20_000i64 {
            let next = ids.make(Timestamp::from_millisecond(1_000_000 - step / 1_000).unwrap());
            assert!(next > last, "{next} after {last}");
            last = next;
        }
    }

    /// What SplitMix64 was at when it gave this number.
    fn inverted(mut number: u64) -> u64 {
        let unshift = |number: u64, by: u32| (0..64 / by).fold(number, |found, _| number ^ (found >> by));
        number = unshift(number, 31);
        number = unshift(number.wrapping_mul(0x3196_42b2_d24d_8ec3), 27);
        unshift(number.wrapping_mul(0x96de_1b17_3f11_9089), 30)
    }

    #[test]
    fn who_has_seen_an_id_does_not_know_the_next_one() {
        let mut jitter = Random::new(1);
        let guessed = Random::new(inverted(jitter.next())).next();
        assert_eq!(guessed, jitter.next(), "so it is guessed where jitter makes them");
        let wall = Timestamp::from_millisecond(1_000_000).unwrap();
        let mut ids = Ids::new(1);
        let random = |id: MessageId| {
            let hex: String = id.as_str().chars().filter(char::is_ascii_hexdigit).collect();
            u64::from_str_radix(&hex[16..], 16).unwrap()
        };
        let (seen, next) = (random(ids.make(wall)), random(ids.make(wall)));
        // The two highest bits are the variant's.
        let known = |number: u64| number & (u64::MAX >> 2);
        for variant in 0..4u64 {
            let state = inverted(known(seen) | variant << 62);
            assert_ne!(known(Random::new(state).next()), known(next));
        }
    }

    #[test]
    fn an_id_is_a_uuid_of_version_7() {
        let id = Ids::new(1).make(Timestamp::from_millisecond(1_750_000_000_000).unwrap());
        assert_eq!(id.as_str().len(), 36);
        assert_eq!(&id.as_str()[14..15], "7");
    }
}
