//! How far the reading is, for a person. Pure: the clock comes in.

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use chatroom_wire::Time;

use crate::words::thousands;

/// A person reads no faster.
const EVERY: Duration = Duration::from_millis(200);
/// How long the day of a time is, with the `T` behind it.
const DAY: usize = "2026-06-01T".len();

/// Messages, their rate, and the time that they cover.
#[derive(Debug)]
pub(super) struct Progress {
    since: Instant,
    told: Option<Instant>,
    count: u64,
    range: Option<(Time, Time)>,
}

impl Progress {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, told: None, count: 0, range: None }
    }

    /// Counts a message; what to show, when it is time to.
    pub(super) fn add(&mut self, at: Option<Time>, now: Instant) -> Option<String> {
        self.count += 1;
        if let Some(at) = at {
            let (first, last) = self.range.unwrap_or((at, at));
            self.range = Some((earlier(first, at), later(last, at)));
        }
        if self.told.is_some_and(|told| now.duration_since(told) < EVERY) {
            return None;
        }
        self.told = Some(now);
        Some(self.text(now))
    }

    fn text(&self, now: Instant) -> String {
        let messages = if self.count == 1 { "message" } else { "messages" };
        let mut text = format!("{} {messages}", thousands(self.count));
        let millis = now.duration_since(self.since).as_millis();
        if millis >= EVERY.as_millis() {
            let rate = i128::from(self.count) * 1000 / i128::try_from(millis).unwrap_or(i128::MAX);
            let _ = write!(text, ", {}/s", thousands(rate));
        }
        if let Some((first, last)) = self.range {
            let (first, last) = [first, last].map(|time| Time::seconds(time.instant()).to_string()).into();
            let same_day = first.get(..DAY) == last.get(..DAY);
            let _ = write!(text, ", {first} to {}", if same_day { &last[DAY..] } else { &last });
        }
        text
    }
}

fn earlier(one: Time, other: Time) -> Time {
    if other.instant() < one.instant() { other } else { one }
}

fn later(one: Time, other: Time) -> Time {
    if other.instant() > one.instant() { other } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn progress_is_told_at_times_with_the_rate_and_the_range_in_either_direction() {
        let begin = Instant::now();
        let mut progress = Progress::new(begin);
        let mut told = Vec::new();
        for number in 0..1500_u32 {
            let at = format!("2026-06-01T20:{:02}:{:02}.5Z", 59 - number / 60, 59 - number % 60).parse().unwrap();
            told.extend(progress.add(Some(at), begin + Duration::from_millis(u64::from(number))));
        }
        assert_eq!(told.len(), 8);
        assert_eq!(told[0], "1 message, 2026-06-01T20:59:59Z to 20:59:59Z");
        assert_eq!(told[7], "1,401 messages, 1,000/s, 2026-06-01T20:36:39Z to 20:59:59Z");
    }
}
