//! Moments, as people write them: `today`, `-2h`, `2026-06-01 20:15`, or as the wire does.

use chatroom_wire::Time;
use jiff::{
    ToSpan as _, Zoned,
    civil::{Date, DateTime},
};

use super::value;

const FORM: &str =
    "a time is written like 2026-06-01T20:15:00Z, 2026-06-01 20:15, 2026-06-01, today, yesterday, now or -2h";

/// A moment; days and times without a zone are those of this machine.
pub(crate) fn read(text: &str) -> Result<Time, String> {
    at(text, &Zoned::now())
}

/// The same, with the clock and the zone of `now`.
fn at(text: &str, now: &Zoned) -> Result<Time, String> {
    let text = text.trim();
    // As on the wire: its precision is kept, as it may be the time of a message.
    if let Ok(time) = text.parse() {
        return Ok(time);
    }
    let instant = if text == "now" {
        now.timestamp()
    } else if let Some(ago) = text.strip_prefix('-') {
        now.timestamp().checked_sub(value::duration(ago)?).map_err(|_| FORM.to_owned())?
    } else {
        let begin = match text {
            "today" => Some(now.date().into()),
            "yesterday" => now.date().checked_sub(1.day()).ok().map(DateTime::from),
            _ => civil(text),
        };
        // A time that a change of the clocks leaves out is the one after it.
        let zoned = begin.and_then(|begin| begin.to_zoned(now.time_zone().clone()).ok());
        zoned.ok_or_else(|| FORM.to_owned())?.timestamp()
    };
    Ok(Time::nanoseconds(instant))
}

/// A date, alone or with a time. A zone would be ignored by the parser of dates, so that none may stand there.
fn civil(text: &str) -> Option<DateTime> {
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
        at(text, &now).map(|time| time.to_string())
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
        ] {
            assert_eq!(at_noon(text).as_deref(), Ok(meant), "{text}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused_with_the_forms() {
        for text in
            ["", "soon", "-", "-soon", "--json", "20:15", "2026-13-01", "2026-06-01 25:00", "2026-06-01é20:15", "ééééé"]
        {
            let problem = at_noon(text).unwrap_err();
            assert!(problem.contains("written like"), "{text}: {problem}");
        }
    }
}
