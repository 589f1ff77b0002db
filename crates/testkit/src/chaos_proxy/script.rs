//! What a proxy is to do, as JSON.
//!
//! A script is a seed and a list of rules. A rule says which [fault](Fault), at which [point](At) of a connection, and for
//! [which connections](Connections); with a `chance`, the seed decides for each of them. A number may be written as
//! `[LEAST, MOST]`: then the seed picks one, for each connection anew. `example.json`, beside this file, shows each of
//! them:
//!
//! ```
//! use chatroom_testkit::chaos_proxy::{Fault, Script};
//!
//! let script = Script::from_json(
//!     r#"{"seed": 7, "rules": [
//!         {"fault": {"latency": {"ms": 20, "jitter_ms": 30}}},
//!         {"fault": "reset", "at": {"packet": {"kind": "puback", "place": "before"}}, "chance": 0.25}
//!     ]}"#,
//! )?;
//! assert_eq!(script.rules[1].fault, Fault::Reset);
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::num::{NonZeroU32, NonZeroU64};

use serde::{Deserialize, Serialize};

use super::number::Chance;
use super::point::{At, Direction, Ways};

/// What a proxy is to do. The default is to pass everything on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Decides every choice: the same seed, the same choices for the connection of the same number.
    #[serde(default)]
    pub seed: u64,
    /// What happens, each rule by itself; where two of one kind of shaping are in force, it is the later.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// One thing that happens to connections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// What happens.
    pub fault: Fault,
    /// When it happens; shaping is in force from then on.
    #[serde(default)]
    pub at: At,
    /// To which connections.
    #[serde(default)]
    pub connections: Connections,
    /// To how many of these, from 0 to 1.
    #[serde(default)]
    pub chance: Chance,
}

/// What happens to a connection: five ways to shape its bytes, four ways to end it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Bytes arrive later.
    Latency(Latency),
    /// Bytes arrive no faster than this.
    Bandwidth(Bandwidth),
    /// Bytes are written in small slices.
    Slice(Slice),
    /// Small writes are gathered into large ones.
    Coalesce(Coalesce),
    /// Some bytes are changed.
    Corrupt(Corrupt),
    /// RST to both sides.
    Reset,
    /// FIN to both sides, without a word of TLS, WebSocket or MQTT.
    Close,
    /// Nothing arrives any more in either direction, and nothing ends. At the start, nobody is dialled.
    BlackHole,
    /// Nothing arrives any more in this direction, the end of the sender included.
    HalfOpen(Direction),
}

/// Bytes arrive later.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Latency {
    /// By how much, in milliseconds.
    pub ms: u64,
    /// By up to how much more, in milliseconds; drawn for each read. Order is kept.
    #[serde(default)]
    pub jitter_ms: u64,
    /// In which direction.
    #[serde(default)]
    pub direction: Ways,
}

/// Bytes arrive no faster than this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bandwidth {
    /// How many bytes a second.
    pub bytes_per_second: NonZeroU64,
    /// In which direction.
    #[serde(default)]
    pub direction: Ways,
}

/// Bytes are written in small slices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Slice {
    /// How many bytes a slice has at most; 1 unless said.
    #[serde(default = "one")]
    pub bytes: NonZeroU32,
    /// How long to wait before the next slice, in milliseconds.
    #[serde(default)]
    pub pause_ms: u64,
    /// In which direction.
    #[serde(default)]
    pub direction: Ways,
}

/// Small writes are gathered into large ones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Coalesce {
    /// Until there are as many bytes,
    pub bytes: NonZeroU32,
    /// or for as long, in milliseconds from the first of them.
    pub ms: u64,
    /// In which direction.
    #[serde(default)]
    pub direction: Ways,
}

/// Some bytes are changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Corrupt {
    /// One byte in as many, on average. Counted in bytes, not in reads: the same seed changes the same bytes.
    pub one_in: NonZeroU32,
    /// In which direction.
    #[serde(default)]
    pub direction: Ways,
}

/// Which connections, by their numbers from 0 in the order in which they came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connections {
    /// The first of them.
    #[serde(default)]
    pub from: u64,
    /// How many at most; all unless said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// Every how many.
    #[serde(default = "one")]
    pub every: NonZeroU32,
}

impl Script {
    /// Passes everything on.
    pub fn calm() -> Self {
        Self::default()
    }

    /// One fault for all connections at this point.
    pub fn of(fault: Fault, at: At) -> Self {
        Self::default().and(fault, at)
    }

    /// With another fault for all connections.
    #[must_use]
    pub fn and(mut self, fault: Fault, at: At) -> Self {
        self.rules.push(Rule { fault, at, connections: Connections::default(), chance: Chance::default() });
        self
    }

    /// Reads a script.
    ///
    /// # Errors
    /// If it has not the form of one: the error says where, and what was wanted.
    pub fn from_json(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }
}

impl Connections {
    /// Whether the connection of this number is one of them.
    pub fn include(&self, number: u64) -> bool {
        let Some(after) = number.checked_sub(self.from) else { return false };
        let place = after / u64::from(self.every.get());
        after.is_multiple_of(u64::from(self.every.get())) && self.count.is_none_or(|count| place < count)
    }
}

impl Default for Connections {
    fn default() -> Self {
        Self { from: 0, count: None, every: one() }
    }
}

impl Fault {
    /// Whether it ends the connection, or a direction of it; the others shape its bytes.
    pub fn is_an_end(&self) -> bool {
        match self {
            Self::Reset | Self::Close | Self::BlackHole | Self::HalfOpen(_) => true,
            Self::Latency(_) | Self::Bandwidth(_) | Self::Slice(_) | Self::Coalesce(_) | Self::Corrupt(_) => false,
        }
    }
}

fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_has_every_kind_of_fault_and_of_point() {
        let example = include_str!("example.json");
        let script = Script::from_json(example).unwrap();
        let again = serde_json::to_string(&script).unwrap();
        assert_eq!(Script::from_json(&again).unwrap(), script);
        for name in
            ["latency", "bandwidth", "slice", "coalesce", "corrupt", "reset", "close", "black_hole", "half_open"]
                .iter()
                .chain(&[
                    "start",
                    "handshake",
                    "upgrade",
                    "bytes",
                    "ms",
                    "packet",
                    "frame",
                    "before",
                    "inside",
                    "after",
                ])
        {
            assert!(example.contains(&format!("\"{name}\"")), "{name}");
        }
    }

    #[test]
    fn what_is_no_script_is_refused_with_the_reason() {
        for (rule, reason) in [
            (r#"{"fault": "explode"}"#, "unknown variant `explode`"),
            (r#"{"fault": "reset", "chance": 1.5}"#, "from 0 to 1"),
            (r#"{"fault": "reset", "at": {"ms": [9, 3]}}"#, "the least is more than the most"),
            (r#"{"fault": "reset", "after": 3}"#, "unknown field `after`"),
            (r#"{"fault": {"bandwidth": {"bytes_per_second": 0}}}"#, "nonzero"),
            (r#"{"fault": "reset", "at": {"packet": {"kind": "puback", "nth": 0}}}"#, "counted from 1"),
        ] {
            let error = Script::from_json(&format!(r#"{{"rules": [{rule}]}}"#)).unwrap_err().to_string();
            assert!(error.contains(reason), "{rule}: {error}");
        }
    }

    #[test]
    fn connections_are_chosen_by_their_numbers() {
        let chosen = |connections: Connections| (0..10).filter(|n| connections.include(*n)).collect::<Vec<_>>();
        assert_eq!(chosen(Connections::default()), (0..10).collect::<Vec<_>>());
        let some = Connections { from: 1, count: Some(3), every: NonZeroU32::new(2).unwrap() };
        assert_eq!(chosen(some), [1, 3, 5]);
    }
}
