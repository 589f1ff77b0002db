//! How the times of lines are written.

use chatroom_wire::Time;
use clap::ValueEnum;
use jiff::Zoned;

use crate::words::span;

/// How a time is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TimeStyle {
    /// As on the wire, with all its digits.
    Iso,
    /// Hours and minutes of this machine's time zone, with the date where it is not today.
    Local,
    /// How long ago.
    Relative,
}

/// Writes times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock {
    pub(crate) style: TimeStyle,
    /// What time it is here.
    pub(crate) now: fn() -> Zoned,
}

impl Clock {
    /// Writes times in this style, by the clock and the zone of this machine.
    pub(crate) fn new(style: TimeStyle) -> Self {
        Self { style, now: Zoned::now }
    }

    /// A time, or that none is known.
    pub(crate) fn show(&self, time: Option<Time>) -> String {
        let Some(time) = time.filter(|time| time.is_known()) else { return "time unknown".to_owned() };
        match self.style {
            TimeStyle::Iso => time.to_string(),
            TimeStyle::Local => {
                let now = (self.now)();
                let local = time.instant().to_zoned(now.time_zone().clone());
                let form = if local.date() == now.date() { "%H:%M" } else { "%Y-%m-%d %H:%M" };
                local.strftime(form).to_string()
            }
            TimeStyle::Relative => {
                let ago = (self.now)().timestamp().duration_since(time.instant());
                match ago.as_secs() {
                    -1..=1 => "now".to_owned(),
                    2.. => format!("{} ago", span(ago)),
                    _ => format!("in {}", span(ago)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Zoned {
        "2026-06-02T12:00:00+02:00[+02:00]".parse().unwrap()
    }

    #[test]
    fn times_are_exact_local_or_relative() {
        for (style, time, shown) in [
            (TimeStyle::Iso, "2026-06-02T09:15:30.123456789Z", "2026-06-02T09:15:30.123456789Z"),
            (TimeStyle::Local, "2026-06-02T09:15:30.123456789Z", "11:15"),
            (TimeStyle::Local, "2026-06-01T23:15:30Z", "01:15"),
            (TimeStyle::Local, "2026-05-31T20:15:30Z", "2026-05-31 22:15"),
            (TimeStyle::Relative, "2026-06-02T09:59:00Z", "1 min ago"),
            (TimeStyle::Relative, "2026-06-02T10:00:00Z", "now"),
            (TimeStyle::Relative, "2026-06-02T10:01:00Z", "in 1 min"),
        ] {
            let clock = Clock { style, now: noon };
            assert_eq!(clock.show(Some(time.parse().unwrap())), shown, "{style:?}");
        }
        let never = ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"].map(|time| time.parse().ok());
        for style in [TimeStyle::Iso, TimeStyle::Local, TimeStyle::Relative] {
            for time in never.into_iter().chain([None]) {
                assert_eq!(Clock::new(style).show(time), "time unknown");
            }
        }
    }
}
