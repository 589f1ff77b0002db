//! Numbers, spans of time and columns, as people read them.

use chatroom_wire::Time;
use jiff::{SignedDuration, Timestamp};
use unicode_width::UnicodeWidthStr;

/// A number with a comma after each thousand.
pub(crate) fn thousands(number: impl Into<i128>) -> String {
    let number = number.into();
    let digits = number.unsigned_abs().to_string();
    let mut text = if number < 0 { "-".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A span in its two largest units, rounded: `23 h 59 min`, `40 s`.
pub(crate) fn span(span: SignedDuration) -> String {
    let seconds = match span.as_secs().unsigned_abs() {
        seconds @ 0..3_600 => seconds,
        seconds @ 3_600..86_400 => seconds + 30,
        seconds => seconds + 1_800,
    };
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let two = |first: u64, unit: &str, second: u64, lesser: &str| match second {
        0 => format!("{first} {unit}"),
        _ => format!("{first} {unit} {second} {lesser}"),
    };
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => two(minutes, "min", seconds % 60, "s"),
        (0, _, _) => two(hours, "h", minutes, "min"),
        (1, _, _) => two(days, "day", hours, "h"),
        _ => two(days, "days", hours, "h"),
    }
}

/// When something ends or ended, and how far that is from now: `in 1 day, at 2026-…`.
pub(crate) fn distance(at: Timestamp, now: Timestamp) -> String {
    if !Time::nanoseconds(at).is_known() {
        // Nobody means such a date.
        return if at > now { "in the far future" } else { "long ago" }.to_owned();
    }
    let left = at.duration_since(now);
    if left.is_negative() || left.is_zero() {
        format!("{} ago, at {at}", span(left))
    } else {
        format!("in {}, at {at}", span(left))
    }
}

/// The text with spaces behind it, up to this many cells of a terminal.
pub(crate) fn padded(text: &str, cells: usize) -> String {
    let missing = cells.saturating_sub(text.width());
    format!("{text}{}", " ".repeat(missing))
}

/// How many cells the widest of the texts takes.
pub(crate) fn widest<'a>(texts: impl IntoIterator<Item = &'a str>) -> usize {
    texts.into_iter().map(UnicodeWidthStr::width).max().unwrap_or_default()
}

/// A number of messages.
pub(crate) fn messages(count: usize) -> String {
    format!("{count} {}", if count == 1 { "message" } else { "messages" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567"), (-12_345, "-12,345")]
        {
            assert_eq!(thousands(number), text);
        }
    }

    #[test]
    fn a_span_is_told_in_two_units() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (61, "1 min 1 s"),
            (3600, "1 h"),
            (86_340, "23 h 59 min"),
            (86_399, "1 day"),
            (90_000, "1 day 1 h"),
            (7 * 86_400, "7 days"),
        ] {
            assert_eq!(span(SignedDuration::from_secs(seconds)), text);
            assert_eq!(span(SignedDuration::from_secs(-seconds)), text);
        }
    }

    #[test]
    fn a_moment_is_told_from_here() {
        let now: Timestamp = "2026-06-01T00:00:00Z".parse().unwrap();
        let at = |text: &str| distance(text.parse().unwrap(), now);
        assert_eq!(at("2026-06-01T23:59:00Z"), "in 23 h 59 min, at 2026-06-01T23:59:00Z");
        assert_eq!(at("2026-05-31T23:58:30Z"), "1 min 30 s ago, at 2026-05-31T23:58:30Z");
    }

    #[test]
    fn columns_are_measured_in_cells() {
        assert_eq!(padded("由紀", 6), "由紀  ");
        assert_eq!(padded("longer", 3), "longer");
        assert_eq!(widest(["a", "由紀"]), 4);
    }
}
