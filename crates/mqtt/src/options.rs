//! What a caller settles before a link is used.

use std::time::Duration;

use crate::{QoS, UserName, UserProperties};

/// The largest packet that MQTT can express: a fixed header and 268,435,455 bytes.
pub const LARGEST_PACKET: u32 = 268_435_455 + 5;

/// What a client says in its CONNECT, and how long it waits for answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectOptions {
    /// The client identifier, as the service gave it.
    pub client_id: String,
    /// The user name with the credentials.
    pub user_name: Option<UserName>,
    /// The longest silence of this client, in seconds; 0 is off. The server may overrule it, but not switch
    /// it off: against a server that wants none, the client asks by itself whether the link lives.
    pub keep_alive: u16,
    /// Whether a session of an earlier link is forgotten.
    pub clean_start: bool,
    /// How long the server keeps the session after the link ends, in seconds; 0 is not at all.
    pub session_expiry: u32,
    /// How many QoS 1 messages the server may leave unacknowledged; 1 to 65,535 (which is the default of MQTT and not sent).
    pub receive_maximum: u16,
    /// The largest packet that is accepted, in bytes; announced below [`LARGEST_PACKET`]. Up to 8 KiB more are let pass,
    /// as some services count the payload alone; beyond that it is enforced.
    pub maximum_packet_size: u32,
    /// How many topic aliases the server may use; 0 is none.
    pub topic_alias_maximum: u16,
    /// How long the CONNACK may take.
    pub connack_timeout: Duration,
    /// How long a SUBACK or a PUBACK may take.
    pub ack_timeout: Duration,
    /// How long a PINGRESP may take.
    pub pong_timeout: Duration,
}

impl ConnectOptions {
    /// A clean start with keep alive 30 s, no session, at most 128 KiB a packet
    /// (the most that AWS allows to announce: docs/protocol.md, section G),
    /// 10 s for the CONNACK, 20 s for acknowledgements, 10 s for a PINGRESP.
    pub fn new(client_id: impl Into<String>, user_name: Option<UserName>) -> Self {
        Self {
            client_id: client_id.into(),
            user_name,
            keep_alive: 30,
            clean_start: true,
            session_expiry: 0,
            receive_maximum: 100,
            maximum_packet_size: 128 * 1024,
            topic_alias_maximum: 8,
            connack_timeout: Duration::from_secs(10),
            ack_timeout: Duration::from_secs(20),
            pong_timeout: Duration::from_secs(10),
        }
    }
}

/// What a server enforces on every link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerOptions {
    /// How long the CONNECT may take after the link opened.
    pub connect_timeout: Duration,
    /// The largest CONNECT that is accepted, in bytes, where that is less than the largest packet.
    pub maximum_connect_size: u32,
    /// The largest packet that is accepted, in bytes; refused before it is buffered.
    pub maximum_packet_size: u32,
    /// How many QoS 1 messages a client may leave unacknowledged; 1 to 65,535.
    pub receive_maximum: u16,
    /// How many topic aliases a client may use; 0 is none.
    pub topic_alias_maximum: u16,
}

impl Default for ServerOptions {
    /// 10 s for the CONNECT, 136 KiB a packet (a payload of 128 KiB and its header), 100 in flight, 8 aliases
    /// (the figures of AWS: docs/protocol.md, section G).
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            maximum_connect_size: u32::MAX,
            maximum_packet_size: 136 * 1024,
            receive_maximum: 100,
            topic_alias_maximum: 8,
        }
    }
}

/// What a server grants to a client whose CONNECT it accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept {
    /// The keep alive in force, in seconds; 0 is off. Always announced.
    pub keep_alive: u16,
    /// The highest quality of service for messages of the client; QoS 2 counts as 1.
    pub maximum_qos: QoS,
    /// Whether an earlier session goes on: its subscriptions stand. Not for a client that asked for a clean start.
    pub session_present: bool,
    /// How long the session is kept after the link ends, in seconds, where the client asked for at least as much; 0 is
    /// not at all.
    pub session_expiry: u32,
    /// The client identifier that the server made for a client that had none.
    pub assigned_client_id: Option<String>,
    /// A text for a person.
    pub reason_string: Option<String>,
    /// More for a program.
    pub user_properties: UserProperties,
}

impl Accept {
    /// Grants QoS 1 and this keep alive, in seconds, no session, and says nothing more.
    pub fn new(keep_alive: u16) -> Self {
        Self {
            keep_alive,
            maximum_qos: QoS::AtLeastOnce,
            session_present: false,
            session_expiry: 0,
            assigned_client_id: None,
            reason_string: None,
            user_properties: Vec::new(),
        }
    }
}
