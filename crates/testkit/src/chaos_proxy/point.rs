//! Points of a connection at which something may happen.

use serde::{Deserialize, Serialize};

use super::dice::Dice;
use super::number::Span;

/// From whom to whom bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

/// One direction, or both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ways {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
    /// Both.
    #[default]
    Both,
}

/// A point of a connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum At {
    /// When it is accepted.
    #[default]
    Start,
    /// Within the TLS handshake: in what the client says first, or in the server's answer. A point for ends only; half
    /// open is a black hole here.
    Handshake(Direction),
    /// Within the head of the HTTP request for a WebSocket (`up`), or of its answer (`down`).
    Upgrade(Direction),
    /// When as many bytes have passed.
    Bytes(Count),
    /// So many milliseconds after it was accepted, or after the script was changed.
    Ms(Span),
    /// At an MQTT packet.
    Packet(Packet),
    /// At a WebSocket frame.
    Frame(Frame),
}

/// When as many bytes have passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Count {
    /// In which direction.
    pub direction: Direction,
    /// How many, within TLS.
    pub count: Span,
}

/// At an MQTT packet.
///
/// `before` the PUBACK means: the PUBLISH has arrived, was judged and acknowledged, and its sender does not learn it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Packet {
    /// Of which type; any unless said.
    #[serde(default)]
    pub kind: PacketKind,
    /// In which direction; unless said, that in which such packets go, which is up for those that go both ways.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub direction: Option<Direction>,
    /// The how manieth of these, from 1; the first unless said.
    #[serde(default)]
    pub nth: Nth,
    /// Where.
    #[serde(default)]
    pub place: Place,
}

/// At a WebSocket frame, of data or control.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// In which direction.
    pub direction: Direction,
    /// The how manieth of these, from 1; the first unless said.
    #[serde(default)]
    pub nth: Nth,
    /// Where.
    #[serde(default)]
    pub place: Place,
}

/// Where of a packet or frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// None of it passes. (The header of the frame around a packet may have passed: a reader makes nothing of it.)
    Before,
    /// A part of it passes, which part the seed decides.
    Inside,
    /// All of it passes.
    #[default]
    After,
}

/// Which of several, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Span", into = "Span")]
pub struct Nth(Span);

/// The type of an MQTT packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the standard says what they are")]
pub enum PacketKind {
    #[default]
    Any = 0,
    Connect = 1,
    Connack = 2,
    Publish = 3,
    Puback = 4,
    Pubrec = 5,
    Pubrel = 6,
    Pubcomp = 7,
    Subscribe = 8,
    Suback = 9,
    Unsubscribe = 10,
    Unsuback = 11,
    Pingreq = 12,
    Pingresp = 13,
    Disconnect = 14,
    Auth = 15,
}

impl Ways {
    /// Whether this direction is one of them.
    pub fn include(self, direction: Direction) -> bool {
        match self {
            Self::Up => direction == Direction::Up,
            Self::Down => direction == Direction::Down,
            Self::Both => true,
        }
    }
}

impl Packet {
    /// The first of this kind.
    pub fn first(kind: PacketKind, place: Place) -> Self {
        Self { kind, direction: None, nth: Nth::default(), place }
    }

    /// The how manieth, from 1.
    #[must_use]
    pub fn nth(self, nth: Nth) -> Self {
        Self { nth, ..self }
    }

    /// In which direction it is looked for.
    pub fn way(&self) -> Direction {
        self.direction.unwrap_or_else(|| self.kind.way())
    }
}

impl PacketKind {
    /// Whether a packet with this first byte is of this kind.
    pub(super) fn is(self, first_byte: u8) -> bool {
        self == Self::Any || self as u8 == first_byte >> 4
    }

    fn way(self) -> Direction {
        match self {
            Self::Connack | Self::Puback | Self::Suback | Self::Unsuback | Self::Pingresp => Direction::Down,
            Self::Any | Self::Connect | Self::Publish | Self::Pubrec | Self::Pubrel | Self::Pubcomp => Direction::Up,
            Self::Subscribe | Self::Unsubscribe | Self::Pingreq | Self::Disconnect | Self::Auth => Direction::Up,
        }
    }
}

impl Nth {
    /// One of these, from 1.
    ///
    /// # Errors
    /// If one of them is 0.
    pub fn new(span: Span) -> Result<Self, &'static str> {
        if span.least() == 0 { Err("packets and frames are counted from 1") } else { Ok(Self(span)) }
    }

    pub(super) fn draw(self, dice: &mut Dice) -> u64 {
        self.0.draw(dice)
    }
}

impl Default for Nth {
    fn default() -> Self {
        Self(Span::just(1))
    }
}

impl TryFrom<Span> for Nth {
    type Error = &'static str;

    fn try_from(span: Span) -> Result<Self, Self::Error> {
        Self::new(span)
    }
}

impl From<Nth> for Span {
    fn from(nth: Nth) -> Self {
        nth.0
    }
}
