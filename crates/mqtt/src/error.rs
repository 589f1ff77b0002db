//! Errors of the requests that a caller makes of a role.

use thiserror::Error;

use crate::QoS;

/// Why a message was not sent. Nothing of it went out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The packet would be larger than the peer accepts.
    #[error("the message is too large: its packet has {size} bytes, the other side accepts {max}")]
    TooLarge {
        /// The whole packet, in bytes.
        size: u64,
        /// The peer's Maximum Packet Size, in bytes.
        max: u32,
    },
    /// As many messages wait for their acknowledgement as the peer allows; try again after one came.
    #[error("too many messages wait for their acknowledgement")]
    QuotaFull,
    /// There is no accepted connection.
    #[error("not connected")]
    NotConnected,
    /// The topic is empty, too long, or holds a wildcard or a forbidden character.
    #[error("the topic can't be published to: {0}")]
    Topic(&'static str),
    /// A user property is longer than 65,535 bytes or holds U+0000.
    #[error("a user property can't be sent: {0}")]
    UserProperty(&'static str),
    /// The quality of service is not supported by this role or by the peer.
    #[error("{0} is not supported")]
    QoS(QoS),
}

/// Why a request other than a message was not sent. Nothing of it went out.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RequestError {
    /// There is no accepted connection.
    #[error("not connected")]
    NotConnected,
    /// The topic filter is empty, too long or holds U+0000.
    #[error("the topic can't be subscribed to: {0}")]
    TopicFilter(&'static str),
    /// The packet would be larger than the peer accepts.
    #[error("the request is too large: its packet has {size} bytes, the other side accepts {max}")]
    TooLarge {
        /// The whole packet, in bytes.
        size: u64,
        /// The peer's Maximum Packet Size, in bytes.
        max: u32,
    },
    /// All 65,535 packet identifiers wait for an answer.
    #[error("too many requests wait for their answer")]
    IdsExhausted,
    /// The quality of service is not supported by this role.
    #[error("{0} is not supported")]
    QoS(QoS),
}
