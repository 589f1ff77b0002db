//! Moments, as people write them: `10m`, `23:58`, `today`, `2026-06-01 20:15`, or as the wire does. One grammar for every
//! option that takes a moment.

use chatroom_wire::Time;
use jiff::{
    Timestamp, ToSpan as _, Zoned,
    civil::{self, Date, DateTime},
};

use super::value;

const FORM: &str = "a time is written like 10m, 23:58, 2026-06-01 20:15, 2026-06-01T20:15:00Z, today, yesterday or now";

/// Which way an option looks, where a text does not say it: `10m` and `23:58` are the nearest such moment that way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Direction {
    Back,
    Ahead,
}

/// A moment of the past: `10m` is ten minutes ago, `23:58` the last time that it was so late. Days and times without a zone
/// are those of this machine.
pub(crate) fn past(text: &str) -> Result<Time, String> {
    at(text, &Zoned::now(), Direction::Back)
}

/// A moment of the future: `10m` is in ten minutes, `23:58` the next time that it is so late.
pub(crate) fn future(text: &str) -> Result<Time, String> {
    at(text, &Zoned::now(), Direction::Ahead)
}

/// The same, with the clock and the zone of `now`.
fn at(text: &str, now: &Zoned, direction: Direction) -> Result<Time, String> {
    let form = || FORM.to_owned();
    let text = text.trim();
    // As on the wire: its precision is kept, as it may be the time of a message.
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let midnight = |days: i64| now.date().checked_add(days.days()).ok().map(DateTime::from);
    let begin = match text {
        "now" => return Ok(Time::nanoseconds(now.timestamp())),
        "today" => midnight(0),
        "yesterday" => midnight(-1),
        "tomorrow" => midnight(1),
        _ => match (span(text, direction), clock(text)) {
            (Some((span, direction)), _) => {
                let (now, span) = (now.timestamp(), value::duration(span)?);
                // What is beyond the calendar is at its end.
                return Ok(Time::nanoseconds(match direction {
                    Direction::Back => now.checked_sub(span).unwrap_or(Timestamp::MIN),
                    Direction::Ahead => now.checked_add(span).unwrap_or(Timestamp::MAX),
                }));
            }
            (None, Some(clock)) => nearest(clock, now, direction),
            (None, None) => date_time(text),
        },
    };
    // A time that a change of the clocks leaves out is the one after it.
    let begin = begin.ok_or_else(form)?;
    let end = if begin.year() > 0 { Timestamp::MAX } else { Timestamp::MIN };
    Ok(Time::nanoseconds(begin.to_zoned(now.time_zone().clone()).map_or(end, |zoned| zoned.timestamp())))
}

/// A span of time with its direction, if it is one: `-10m`, `+10m`, `10m`, or seconds alone, unless they may be a year.
fn span(text: &str, direction: Direction) -> Option<(&str, Direction)> {
    match text.split_at_checked(1)? {
        ("-", span) => Some((span, Direction::Back)),
        ("+", span) => Some((span, Direction::Ahead)),
        _ => {
            let is_year = text.len() == 4 && (text.starts_with("19") || text.starts_with("20"));
            let is_span = text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains([':', '-']);
            (is_span && !is_year).then_some((text, direction))
        }
    }
}

/// A time of day: `23:58` or `23:58:30`.
fn clock(text: &str) -> Option<civil::Time> {
    let is_clock =
        matches!(text.len(), 4 | 5 | 8) && text.contains(':') && text.chars().all(|c| c.is_ascii_digit() || c == ':');
    let padded = if text.find(':') == Some(1) { format!("0{text}") } else { text.to_owned() };
    if is_clock { padded.parse().ok() } else { None }
}

/// Today's, or that of the day before or after.
fn nearest(clock: civil::Time, now: &Zoned, direction: Direction) -> Option<DateTime> {
    let today = now.date().to_datetime(clock);
    match direction {
        Direction::Back if today > now.datetime() => today.checked_sub(1.day()).ok(),
        Direction::Ahead if today < now.datetime() => today.checked_add(1.day()).ok(),
        Direction::Back | Direction::Ahead => Some(today),
    }
}

/// A date, alone or with a time. A zone would be ignored by the parser of dates, so that none may stand there.
fn date_time(text: &str) -> Option<DateTime> {
    if text.len() == 10 {
        return text.parse().ok().map(Date::into);
    }
    let clock = text.get(10..).filter(|clock| !clock.contains(['+', '-', '[']))?;
    clock.ends_with(|c: char| c.is_ascii_digit()).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_noon(text: &str) -> Result<String, String> {
        let now: Zoned = "2026-06-02T12:00:00+02:00[+02:00]".parse().unwrap();
        at(text, &now, Direction::Back).map(|time| time.to_string())
    }

    #[test]
    fn a_time_of_the_wire_keeps_its_precision() {
        for text in ["2026-06-01T20:15:30.123456789Z", "2026-06-01T20:15:30.1Z", "2026-06-01T20:15:30Z"] {
            assert_eq!(at_noon(text).as_deref(), Ok(text));
        }
        assert_eq!(at_noon("2026-06-01T20:15:30+02:00").as_deref(), Ok("2026-06-01T18:15:30Z"));
    }

    #[test]
    fn a_day_and_a_time_without_a_zone_are_those_of_this_machine() {
        for (text, meant) in [
            ("today", "2026-06-01T22:00:00.000000000Z"),
            ("yesterday", "2026-05-31T22:00:00.000000000Z"),
            ("2026-06-01", "2026-05-31T22:00:00.000000000Z"),
            ("2026-06-01 20:15", "2026-06-01T18:15:00.000000000Z"),
            ("2026-06-01T20:15:30", "2026-06-01T18:15:30.000000000Z"),
            ("now", "2026-06-02T10:00:00.000000000Z"),
            ("-2h", "2026-06-02T08:00:00.000000000Z"),
            (" -1h30m ", "2026-06-02T08:30:00.000000000Z"),
            ("2h", "2026-06-02T08:00:00.000000000Z"),
            ("90", "2026-06-02T09:58:30.000000000Z"),
            ("1h 30m", "2026-06-02T08:30:00.000000000Z"),
            ("+2h", "2026-06-02T12:00:00.000000000Z"),
            ("11:58", "2026-06-02T09:58:00.000000000Z"),
            ("9:05", "2026-06-02T07:05:00.000000000Z"),
            ("12:00", "2026-06-02T10:00:00.000000000Z"),
            ("23:58", "2026-06-01T21:58:00.000000000Z"),
            ("23:58:30", "2026-06-01T21:58:30.000000000Z"),
        ] {
            assert_eq!(at_noon(text).as_deref(), Ok(meant), "{text}");
        }
    }

    #[test]
    fn a_time_beyond_the_calendar_is_at_its_end() {
        let last = "9999-12-30T22:00:00.999999999Z";
        for (text, meant) in [
            ("9999-12-31", "9999-12-30T22:00:00.000000000Z"),
            ("9999-12-31 23:59", last),
            ("9999-12-31T23:59:59Z", "9999-12-30T22:00:00Z"),
            ("9999-12-31T23:59:59.999-12:00", "9999-12-30T22:00:00.999Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ] {
            assert_eq!(at_noon(text).as_deref(), Ok(meant), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_the_forms() {
        for text in [
            "",
            "soon",
            "-",
            "-soon",
            "--json",
            "2026",
            "24:15",
            "12:7",
            "2y",
            "2026-13-01",
            "2026-06-01 25:00",
            "2026-06-01é20:15",
            "ééééé",
        ] {
            let problem = at_noon(text).unwrap_err();
            assert!(problem.contains("written like"), "{text}: {problem}");
        }
    }

    #[test]
    fn where_an_option_looks_ahead_a_span_and_a_clock_are_those_to_come() {
        let now: Zoned = "2026-06-02T12:00:00+02:00[+02:00]".parse().unwrap();
        for (text, meant) in [
            ("2h", "2026-06-02T12:00:00.000000000Z"),
            ("-2h", "2026-06-02T08:00:00.000000000Z"),
            ("11:58", "2026-06-03T09:58:00.000000000Z"),
            ("23:58", "2026-06-02T21:58:00.000000000Z"),
            ("tomorrow", "2026-06-02T22:00:00.000000000Z"),
        ] {
            assert_eq!(at(text, &now, Direction::Ahead).map(|time| time.to_string()).as_deref(), Ok(meant), "{text}");
        }
    }
}
