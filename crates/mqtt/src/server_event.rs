//! What a server role says to its caller.

use std::fmt;

use bytes::Bytes;

use crate::{CloseCause, PacketId, QoS, ReasonCode, UserName, UserProperties};

/// One duty or one fact; the driver drains them with
/// [`ServerRole::poll_output`](crate::ServerRole::poll_output).
#[derive(Clone, PartialEq, Eq)]
pub enum ServerOutput {
    /// Write these bytes to the link.
    Send(Bytes),
    /// Tell the caller.
    Event(ServerEvent),
    /// Write what was given before, then drop the link. Nothing follows.
    Close(CloseCause),
}

/// Something that a client asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ServerEvent {
    /// A client wants to connect: answer with `accept` or `refuse`. What it
    /// sends meanwhile is held back.
    Connect(Box<Connect>),
    /// A client wants to subscribe: answer with `suback`, one code per filter.
    Subscribe {
        /// The identifier to answer with.
        id: PacketId,
        /// Each topic filter with the quality of service asked for.
        filters: Vec<(String, QoS)>,
    },
    /// A client ends subscriptions: answer with `unsuback`, one code per filter.
    Unsubscribe {
        /// The identifier to answer with.
        id: PacketId,
        /// The topic filters.
        filters: Vec<String>,
    },
    /// A client sent a message: at QoS 1 answer with `puback`.
    Publish(InboundPublish),
    /// A client has a message that was sent to it at QoS 1.
    Acknowledged {
        /// The identifier that [`ServerRole::publish_at_least_once`](crate::ServerRole::publish_at_least_once) gave.
        id: PacketId,
        /// What the client says to it; from 0x80 on it did not take it.
        reason: ReasonCode,
    },
    /// A client says goodbye; a `Close` follows.
    Disconnect {
        /// Why.
        reason: ReasonCode,
    },
}

/// What a client says in its CONNECT, with MQTT's defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// The client identifier; empty if the client leaves it to the server.
    pub client_id: String,
    /// The user name with the credentials.
    pub user_name: Option<UserName>,
    /// Whether a password came (it is not kept).
    pub has_password: bool,
    /// Whether a will came (it is not kept).
    pub has_will: bool,
    /// The keep alive that the client asks for, in seconds; 0 is off.
    pub keep_alive: u16,
    /// Whether the client wants no earlier session.
    pub clean_start: bool,
    /// How long the client wants its session kept after the link ends, in seconds; 0 is not at all.
    pub session_expiry: u32,
    /// How many QoS 1 messages the client would take unacknowledged.
    pub receive_maximum: u16,
    /// The largest packet that the client accepts, in bytes.
    pub maximum_packet_size: Option<u32>,
    /// How many topic aliases the client would accept (this server uses none).
    pub topic_alias_maximum: u16,
    /// More for a program.
    pub user_properties: UserProperties,
}

/// A message from a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboundPublish {
    /// At QoS 1 the identifier to answer with.
    pub id: Option<PacketId>,
    /// The topic, also where an alias stood for it.
    pub topic: String,
    /// The content.
    pub payload: Bytes,
    /// The quality of service: 0 or 1.
    pub qos: QoS,
    /// Whether the client wants the message kept; always false, as the server
    /// announces that it keeps none and ends the link otherwise.
    pub retain: bool,
    /// Whether this may be a repetition.
    pub dup: bool,
    /// More for a program.
    pub user_properties: UserProperties,
    /// After how many seconds the message is worth nothing.
    pub message_expiry: Option<u32>,
}

impl fmt::Debug for ServerOutput {
    /// Prints sizes only: what is sent is no business of a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(bytes) => write!(f, "Send({} bytes)", bytes.len()),
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
            Self::Close(cause) => f.debug_tuple("Close").field(cause).finish(),
        }
    }
}
