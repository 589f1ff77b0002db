//! From where the history is read for a message that was written before anything was known of the room: all that tells
//! is this machine's date, and that may be wrong.

use std::time::Duration;

use chatroom_wire::Time;

use crate::receiving::CLOCKS;

/// The date is ahead by no more than this: clocks that run by local time are up to 14 hours off, and some are set by a
/// zone on the other side of the date line.
const FARTHEST: Duration = Duration::from_secs(26 * 60 * 60);

/// What the room's history held when a message was `written`, while nothing is known of the room.
pub(crate) fn before(written: Time) -> Time {
    written.earlier(FARTHEST)
}

/// The same, once the room's newest message has this stamp, and this machine's date is `today`: in a busy room, 26 hours
/// are a thousand pages. The service's time is not before that stamp, so that the date is not more ahead than by what lies
/// between; and where that is long, little was said. Nothing is less trusted than `CLOCKS` says: the date may have been
/// wrong by some more when the message was written.
pub(crate) fn before_with(written: Time, today: Time, newest: Time) -> Time {
    if written > today {
        // The date was set back since.
        return before(written);
    }
    let ahead = Duration::try_from(today.instant().duration_since(newest.instant())).unwrap_or_default();
    written.earlier(ahead.clamp(CLOCKS, FARTHEST))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: u32) -> Time {
        format!("2026-01-{:02}T{:02}:00:00Z", 10 + hour / 24, hour % 24).parse().unwrap()
    }

    #[test]
    fn a_date_that_is_ahead_is_trusted_as_far_as_the_room_bears_it_out() {
        assert_eq!(before_with(at(40), at(40), at(40)), at(38), "right, in a busy room");
        assert_eq!(before_with(at(40), at(41), at(33)), at(32), "eight hours ahead, or a quiet room");
        assert_eq!(before_with(at(40), at(40), at(50)), at(38), "behind");
        assert_eq!(before_with(at(40), at(80), at(40)), at(14), "a room in which nothing is said");
    }

    #[test]
    fn a_date_that_was_set_back_since_is_not_trusted() {
        assert_eq!(before_with(at(40), at(30), at(30)), at(14));
    }
}
