//! Why a role ends its link.

use thiserror::Error;

use crate::{Deadline, QoS, ReasonCode};

/// Why a role ends its link. Each prints as a plain sentence.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CloseCause {
    /// Client: the server did not answer the CONNECT in time.
    #[error("the server did not answer the CONNECT in time")]
    ConnackTimeout,
    /// Client: the CONNECT can't be written; the text says why.
    #[error("the CONNECT can't be sent: {0}")]
    Unsendable(&'static str),
    /// Client: the server did not acknowledge in time.
    #[error("the server did not send {0} in time")]
    AckTimeout(Deadline),
    /// Client: the server did not answer a PINGREQ in time.
    #[error("the server did not answer a PINGREQ in time")]
    PongTimeout,
    /// Client: the server refused the CONNECT.
    #[error("the server refused the connection: {0}")]
    Refused(ReasonCode),
    /// Client: the server sent DISCONNECT.
    #[error("the server ended the connection: {0}")]
    ServerDisconnected(ReasonCode),

    /// Server: the client did not send its CONNECT in time.
    #[error("the client did not send a CONNECT in time")]
    ConnectTimeout,
    /// Server: the client was silent for one and a half times its keep alive.
    #[error("the client was silent for longer than its keep alive allows")]
    KeepAliveTimeout,
    /// Server: the client sent DISCONNECT.
    #[error("the client ended the connection: {0}")]
    ClientDisconnected(ReasonCode),
    /// Server: the caller refused the CONNECT.
    #[error("the connection was refused: {0}")]
    WeRefused(ReasonCode),

    /// The caller asked for it.
    #[error("this side ended the connection")]
    WeDisconnected,
    /// The link ended before either side said DISCONNECT.
    #[error("the link ended without a DISCONNECT")]
    LinkClosed,
    /// A packet could not be read; the text says where.
    #[error("a packet could not be read: {0}")]
    Malformed(String),
    /// A packet could be read and broke a rule of MQTT 5; the text says which.
    #[error("a packet broke a rule of MQTT 5: {0}")]
    ProtocolError(String),
    /// A packet that may not come at this point.
    #[error("a packet came that may not come now: {0}")]
    UnexpectedPacket(&'static str),
    /// The peer speaks an older MQTT.
    #[error(transparent)]
    NotMqtt5(#[from] NotMqtt5),
    /// A packet came that is larger than this side accepts, or the peer accepts
    /// less than a packet that it must be sent.
    #[error("a packet of {size} bytes is larger than the limit of {max} bytes")]
    PacketTooLarge {
        /// The whole packet, in bytes.
        size: u32,
        /// The limit, in bytes.
        max: u32,
    },
    /// A topic alias that is zero, over the announced maximum or unknown.
    #[error("the topic alias {0} is zero, too high or was never set")]
    TopicAliasInvalid(u16),
    /// A message at a quality of service that this side does not speak.
    #[error("a message came with {0}, which is not supported")]
    QosNotSupported(QoS),
    /// Server: the client has more unacknowledged messages in flight than announced.
    #[error("more than {0} messages came without waiting for their acknowledgements")]
    ReceiveMaximumExceeded(u16),
}

/// How a peer showed that it does not speak MQTT 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotMqtt5 {
    /// The server's CONNACK has the form of MQTT 3.1.1.
    #[error("the server does not speak MQTT 5 (it answered in the form of MQTT 3.1.1, with return code {return_code})")]
    Server {
        /// The return code of MQTT 3.1.1; 1 is "unacceptable protocol version".
        return_code: u8,
    },
    /// The client's CONNECT names another protocol level than 5.
    #[error("the client does not speak MQTT 5 (its CONNECT has the protocol level {level})")]
    Client {
        /// The protocol level; 3 is MQTT 3.1, 4 is MQTT 3.1.1.
        level: u8,
    },
}
