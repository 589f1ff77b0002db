//! Ids for own messages: UUIDv7, so that they sort as they were made.

use chatroom_wire::MessageId;
use jiff::Timestamp;
use uuid::Builder;

use crate::random::Random;

/// Makes ids that grow, also within a millisecond and when the date jumps back.
#[derive(Debug)]
pub(crate) struct Ids {
    random: Random,
    millisecond: u64,
    count: u16,
}

/// As many fit in the 12 bits behind the time.
const PER_MILLISECOND: u16 = 1 << 12;

impl Ids {
    pub(crate) fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), millisecond: 0, count: 0 }
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
        rest[2..].copy_from_slice(&self.random.next().to_be_bytes());
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

    #[test]
    fn an_id_is_a_uuid_of_version_7() {
        let id = Ids::new(1).make(Timestamp::from_millisecond(1_750_000_000_000).unwrap());
        assert_eq!(id.as_str().len(), 36);
        assert_eq!(&id.as_str()[14..15], "7");
    }
}
