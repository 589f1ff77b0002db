//! What a role waits for; a deadline always travels with its reason.

use std::fmt;

/// Why a role wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Deadline {
    /// Client: when the CONNACK is late.
    Connack,
    /// Client: when the SUBACK is late.
    Suback,
    /// Client: when the PUBACK is late.
    Puback,
    /// Client: when nothing was sent for so long that a PINGREQ is due.
    PingDue,
    /// Client: when the PINGRESP is late.
    Pong,
    /// Server: when the CONNECT is late.
    Connect,
    /// Server: when the client was silent for one and a half times its keep alive.
    KeepAlive,
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connack => "the answer to CONNECT",
            Self::Suback => "the answer to SUBSCRIBE",
            Self::Puback => "the acknowledgement of a message",
            Self::PingDue => "the next PINGREQ",
            Self::Pong => "the answer to PINGREQ",
            Self::Connect => "the CONNECT of the client",
            Self::KeepAlive => "a sign of life from the client",
        })
    }
}
