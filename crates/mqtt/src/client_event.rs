//! What a client role says to its caller.

use std::fmt;

use bytes::Bytes;

use crate::{CloseCause, PacketId, QoS, ReasonCode, UserProperties};

/// One duty or one fact; the driver drains them with
/// [`ClientRole::poll_output`](crate::ClientRole::poll_output).
#[derive(Clone, PartialEq, Eq)]
pub enum ClientOutput {
    /// Write these bytes to the link.
    Send(Bytes),
    /// Tell the caller.
    Event(ClientEvent),
    /// Write what was given before, then drop the link. Nothing follows.
    Close(CloseCause),
}

/// Something that happened on the link.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientEvent {
    /// The server accepted the connection.
    Connected(Box<ConnAck>),
    /// The server refused the connection; a `Close` follows.
    Refused {
        /// Why.
        reason: ReasonCode,
        /// The server's own words.
        text: Option<String>,
        /// Another server that it names. Never followed: it would get the credentials.
        server_reference: Option<String>,
    },
    /// The server granted a subscription.
    Subscribed {
        /// The identifier that `subscribe` gave.
        id: PacketId,
        /// The quality of service granted.
        granted: QoS,
    },
    /// The server refused a subscription.
    SubscribeRefused {
        /// The identifier that `subscribe` gave.
        id: PacketId,
        /// Why.
        reason: ReasonCode,
        /// The server's own words.
        text: Option<String>,
    },
    /// The server took responsibility for a message.
    Acknowledged {
        /// The identifier that `publish` gave.
        id: PacketId,
    },
    /// The server refused a message.
    PublishRefused {
        /// The identifier that `publish` gave.
        id: PacketId,
        /// Why.
        reason: ReasonCode,
        /// The server's own words.
        text: Option<String>,
        /// More for a program, such as `retry-after-ms`.
        user_properties: UserProperties,
    },
    /// A message came.
    Delivery(Delivery),
    /// A PINGREQ was answered.
    Pong,
    /// The server ends the connection; a `Close` follows.
    ServerDisconnected {
        /// Why.
        reason: ReasonCode,
        /// The server's own words.
        text: Option<String>,
        /// Another server that it names. Never followed: it would get the credentials.
        server_reference: Option<String>,
    },
}

/// What the server granted in its CONNACK, with MQTT's defaults filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnAck {
    /// The keep alive that the server holds the client to, in seconds: its own if it gave one; 0 is none.
    pub keep_alive: u16,
    /// How many QoS 1 messages may wait for their acknowledgement.
    pub receive_maximum: u16,
    /// The largest packet that the server accepts, in bytes.
    pub maximum_packet_size: Option<u32>,
    /// How many topic aliases the server would accept (this client uses none).
    pub topic_alias_maximum: u16,
    /// The highest quality of service that the server accepts.
    pub maximum_qos: QoS,
    /// Whether the server resumed an earlier session.
    pub session_present: bool,
    /// How long the server keeps the session after the link ends, in seconds; 0 is not at all.
    pub session_expiry: u32,
    /// The client identifier that the server made.
    pub assigned_client_id: Option<String>,
    /// A text for a person.
    pub reason_string: Option<String>,
    /// More for a program.
    pub user_properties: UserProperties,
}

/// A message from the server. At QoS 1 it is acknowledged already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The topic, also where an alias stood for it.
    pub topic: String,
    /// The content.
    pub payload: Bytes,
    /// The quality of service of this delivery.
    pub qos: QoS,
    /// Whether the server kept this message from before the subscription.
    pub retain: bool,
    /// Whether this may be a repetition.
    pub dup: bool,
    /// More for a program.
    pub user_properties: UserProperties,
}

impl fmt::Debug for ClientOutput {
    /// Prints sizes only: the bytes of a CONNECT are credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(bytes) => write!(f, "Send({} bytes)", bytes.len()),
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
            Self::Close(cause) => f.debug_tuple("Close").field(cause).finish(),
        }
    }
}
