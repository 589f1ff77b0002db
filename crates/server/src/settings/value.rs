//! Values of settings and the forms they are written in.

use std::time::Duration;

/// A number of bytes, written as `512`, `100KiB` or `1MiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

impl Size {
    /// The number of bytes, for buffers.
    pub fn bytes(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// What can stand behind the name of a setting.
pub(super) trait Value: Sized + PartialOrd {
    /// What such a value is called.
    const FORM: &'static str;

    /// Reads what a person wrote.
    fn read(text: &str) -> Option<Self>;

    /// Writes it so that it reads back the same.
    fn show(&self) -> String;

    /// What is allowed, for a person.
    fn allowed(low: &Self, high: &Self) -> String {
        format!("{} from {} to {}", Self::FORM, low.show(), high.show())
    }

    /// Whether it is allowed.
    fn is_within(&self, low: &Self, high: &Self) -> bool {
        (low..=high).contains(&self)
    }
}

impl Value for u32 {
    const FORM: &'static str = "a whole number";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for u16 {
    const FORM: &'static str = "a whole number";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

impl Value for Duration {
    const FORM: &'static str = "a duration";

    fn read(text: &str) -> Option<Self> {
        if let Ok(seconds) = text.parse() {
            return Some(Self::from_secs(seconds));
        }
        let mut rest = text;
        let mut milliseconds = 0u64;
        while !rest.is_empty() {
            let (digits, tail) = split(rest, |letter| letter.is_ascii_digit());
            let (unit, tail) = split(tail, |letter| letter.is_ascii_alphabetic());
            let unit = UNITS.iter().find(|(name, _)| *name == unit)?.1;
            milliseconds = milliseconds.checked_add(digits.parse::<u64>().ok()?.checked_mul(unit)?)?;
            rest = tail;
        }
        (!text.is_empty()).then(|| Self::from_millis(milliseconds))
    }

    fn show(&self) -> String {
        let mut rest = u64::try_from(self.as_millis()).unwrap_or(u64::MAX);
        let mut text = String::new();
        for (name, unit) in UNITS {
            if rest >= unit {
                text.push_str(&(rest / unit).to_string());
                text.push_str(name);
                rest %= unit;
            }
        }
        if text.is_empty() { "0s".to_owned() } else { text }
    }
}

const SIZES: [(&str, u64); 6] =
    [("MiB", 1 << 20), ("KiB", 1 << 10), ("MB", 1_000_000), ("KB", 1000), ("kB", 1000), ("B", 1)];

impl Value for Size {
    const FORM: &'static str = "a size";

    fn read(text: &str) -> Option<Self> {
        let (digits, unit) = split(text, |letter| letter.is_ascii_digit());
        let number: u64 = digits.parse().ok()?;
        let unit = match unit.trim_start() {
            "" => 1,
            unit => SIZES.iter().find(|(name, _)| *name == unit)?.1,
        };
        number.checked_mul(unit).map(Self)
    }

    fn show(&self) -> String {
        match SIZES[..2].iter().find(|(_, unit)| self.0 >= *unit && self.0.is_multiple_of(*unit)) {
            Some((name, unit)) => format!("{}{name}", self.0 / unit),
            None => self.0.to_string(),
        }
    }
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|letter| !belongs(letter)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_are_read_in_all_their_forms() {
        for (text, milliseconds) in [("50ms", 50), ("30", 30_000), ("1h30m", 5_400_000), ("0s", 0), ("2d", 172_800_000)]
        {
            assert_eq!(Duration::read(text), Some(Duration::from_millis(milliseconds)), "{text}");
        }
        for wrong in ["", "ms", "5 apples", "1.5s", "-1s", "5s5", "99999999999999999999s"] {
            assert_eq!(Duration::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sizes_are_read_in_all_their_forms() {
        for (text, bytes) in [("512", 512), ("100KiB", 102_400), ("100 KiB", 102_400), ("1MB", 1_000_000), ("3B", 3)] {
            assert_eq!(Size::read(text), Some(Size(bytes)), "{text}");
        }
        for wrong in ["", "KiB", "1.5KiB", "1 furlong", "99999999999999999MiB"] {
            assert_eq!(Size::read(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_reads_back_the_same(number in 0u64..1 << 50) {
            let duration = Duration::from_millis(number);
            prop_assert_eq!(Duration::read(&duration.show()), Some(duration));
            prop_assert_eq!(Size::read(&Size(number).show()), Some(Size(number)));
        }
    }
}
