//! Instants on the wire: ISO 8601 with 0 to 9 fraction digits (docs/protocol.md, section A.5).

use std::{fmt, str::FromStr, time::Duration};

use jiff::{Timestamp, fmt::temporal::Pieces};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// An instant, and how many fraction digits it is written with.
///
/// What came with three digits goes on with three: `received_at` is a paging key, and a rounded key skips messages.
///
/// ```
/// use chatroom_wire::Time;
///
/// let time: Time = "2024-07-29T15:51:28.071Z".parse()?;
/// assert_eq!(time.to_string(), "2024-07-29T15:51:28.071Z");
/// assert_eq!("2024-07-29T15:51:28Z".parse::<Time>()?.to_string(), "2024-07-29T15:51:28Z");
/// # Ok::<(), chatroom_wire::time::TimeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    instant: Timestamp,
    digits: u8,
}

/// The beginning of the year 2, in seconds since 1970.
const FIRST_KNOWN: i64 = -62_104_060_800;
/// The beginning of the year 9999.
const FIRST_UNKNOWN: i64 = 253_370_764_800;

/// A text that is no instant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is no time in ISO 8601 with a zone, such as 2024-07-29T15:51:28.071Z")]
pub struct TimeError;

impl Time {
    /// With nine fraction digits, as the server writes `received_at`.
    pub fn nanoseconds(instant: Timestamp) -> Self {
        Self { instant, digits: 9 }
    }

    /// With three fraction digits, as clients write `sent_at`; what is finer is cut.
    pub fn milliseconds(instant: Timestamp) -> Self {
        let instant = Timestamp::from_millisecond(instant.as_millisecond()).unwrap_or(instant);
        Self { instant, digits: 3 }
    }

    /// With no fraction; what is finer is cut.
    pub fn seconds(instant: Timestamp) -> Self {
        let instant = Timestamp::from_second(instant.as_second()).unwrap_or(instant);
        Self { instant, digits: 0 }
    }

    /// One step of its own precision earlier: as a paging key it reads again what bears the same stamp.
    #[must_use]
    pub fn just_before(self) -> Self {
        Self { instant: self.instant.checked_sub(self.step()).unwrap_or(self.instant), ..self }
    }

    /// One step of its own precision later.
    #[must_use]
    pub fn just_after(self) -> Self {
        Self { instant: self.instant.checked_add(self.step()).unwrap_or(self.instant), ..self }
    }

    /// Earlier by `span`.
    #[must_use]
    pub fn earlier(self, span: Duration) -> Self {
        Self { instant: self.instant.checked_sub(span).unwrap_or(self.instant), ..self }
    }

    /// Later by `span`.
    #[must_use]
    pub fn later(self, span: Duration) -> Self {
        Self { instant: self.instant.checked_add(span).unwrap_or(self.instant), ..self }
    }

    /// Whether this can be when something happened. The first and the last year of the calendar are what programs write
    /// that know no time: the zero of their type, or its maximum.
    ///
    /// ```
    /// use chatroom_wire::Time;
    ///
    /// let is_known = |text: &str| text.parse::<Time>().map(Time::is_known);
    /// assert_eq!(is_known("2024-07-29T15:51:28Z"), Ok(true));
    /// assert_eq!(is_known("0001-01-01T00:00:00Z"), Ok(false));
    /// assert_eq!(is_known("9999-12-31T23:59:59.999Z"), Ok(false));
    /// ```
    pub fn is_known(self) -> bool {
        (FIRST_KNOWN..FIRST_UNKNOWN).contains(&self.instant.as_second())
    }

    fn step(self) -> Duration {
        Duration::from_nanos(10u64.pow(9 - u32::from(self.digits)))
    }

    /// The instant itself.
    pub fn instant(self) -> Timestamp {
        self.instant
    }
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        // jiff reads more than ISO 8601 (a zone in brackets, a space for the T); the wire has only this form.
        if !text.is_ascii() || text.as_bytes().get(10) != Some(&b'T') || text.contains('[') {
            return Err(TimeError);
        }
        let instant: Timestamp = text.parse().or_else(|_| nearest(text).ok_or(TimeError))?;
        let fraction = text.split_once(['.', ',']).map_or("", |(_, rest)| rest);
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        Ok(Self { instant, digits: u8::try_from(digits).map_err(|_| TimeError)?.min(9) })
    }
}

/// What a time of the last or the first days of the calendar is clamped to: dates go a little further than instants do.
fn nearest(text: &str) -> Option<Timestamp> {
    let pieces = Pieces::parse(text).ok()?;
    let (date, offset) = (pieces.date(), pieces.to_numeric_offset()?);
    let instant = date.to_datetime(pieces.time()?);
    // Where it is no instant, it is beyond one of the ends.
    let end = if date.year() > 0 { Timestamp::MAX } else { Timestamp::MIN };
    Some(offset.to_timestamp(instant).unwrap_or(end))
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.*}", usize::from(self.digits), self.instant)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
