//! What a client may send.

use mqtt_protocol_core::mqtt::packet::{Property, v5_0};

use super::client_side::{Goodbye, disconnect, puback};
use super::{Ack, PublishPacket, packet_id, publish, qos, rejected, user_properties};
use crate::frame::Frame;
use crate::guard;
use crate::kind::Kind;
use crate::reader::Reader;
use crate::violation::Violation;
use crate::{CloseCause, Connect, NotMqtt5, PacketId, QoS, ReasonCode, UserName};

/// A packet from a client.
#[derive(Debug)]
pub(crate) enum ToServer {
    Connect(Box<ConnectPacket>),
    Subscribe {
        id: PacketId,
        filters: Vec<(String, QoS)>,
        has_subscription_id: bool,
    },
    Unsubscribe {
        id: PacketId,
        filters: Vec<String>,
    },
    Publish(PublishPacket),
    PubAck(Ack),
    PingReq,
    Disconnect(Goodbye),
    /// A packet that this server never asks for.
    Unasked(&'static str),
}

impl ToServer {
    /// What to call a packet that came in place of the CONNECT.
    pub(crate) fn name_before_connect(&self) -> &'static str {
        match self {
            Self::Connect(_) => "a second CONNECT",
            Self::Subscribe { .. } => "a SUBSCRIBE before the CONNECT",
            Self::Unsubscribe { .. } => "an UNSUBSCRIBE before the CONNECT",
            Self::Publish(_) => "a PUBLISH before the CONNECT",
            Self::PubAck(_) => "a PUBACK before the CONNECT",
            Self::PingReq => "a PINGREQ before the CONNECT",
            Self::Disconnect(_) => "a DISCONNECT before the CONNECT",
            Self::Unasked(name) => name,
        }
    }
}

/// A CONNECT: what the caller sees, and what only the role needs.
#[derive(Debug)]
pub(crate) struct ConnectPacket {
    pub(crate) connect: Connect,
    /// Whether texts may stand in acknowledgements.
    pub(crate) wants_problem_information: bool,
    /// Whether the client wants the enhanced authentication of AUTH packets.
    pub(crate) wants_authentication: bool,
}

/// Reads a packet that came from a client.
pub(crate) fn to_server(frame: &Frame<'_>) -> Result<ToServer, Violation> {
    match frame.kind {
        Kind::Connect => check_version(&frame.body)?,
        Kind::Subscribe | Kind::Unsubscribe | Kind::Publish | Kind::PubAck | Kind::PingReq | Kind::Disconnect => {}
        _ => return Ok(ToServer::Unasked(frame.kind.name())),
    }
    guard::check(frame)?;
    match frame.kind {
        Kind::Connect => connect(&frame.body).map(Box::new).map(ToServer::Connect),
        Kind::Subscribe => subscribe(&frame.body),
        Kind::Unsubscribe => unsubscribe(&frame.body),
        Kind::Publish => publish(frame).map(ToServer::Publish),
        Kind::PubAck => puback(&frame.body).map(ToServer::PubAck),
        Kind::PingReq => Ok(ToServer::PingReq),
        Kind::Disconnect => disconnect(&frame.body).map(ToServer::Disconnect),
        _ => Ok(ToServer::Unasked(frame.kind.name())),
    }
}

/// Looks at the protocol name and level only, as the rest is another form in other versions.
fn check_version(body: &[u8]) -> Result<(), Violation> {
    let mut reader = Reader::new("CONNECT", body);
    let name = reader.text()?;
    let level = reader.u8()?;
    match (name, level) {
        ("MQTT", 5) => Ok(()),
        ("MQTT" | "MQIsdp", level) => {
            let cause = CloseCause::NotMqtt5(NotMqtt5::Client { level });
            Err(Violation::new(ReasonCode::UNSUPPORTED_VERSION, cause))
        }
        // Section 3.1.2.1: a server that refuses another protocol may say so with this code.
        _ => {
            let cause = CloseCause::ProtocolError("CONNECT: the protocol is not MQTT".to_owned());
            Err(Violation::new(ReasonCode::UNSUPPORTED_VERSION, cause))
        }
    }
}

fn connect(body: &[u8]) -> Result<ConnectPacket, Violation> {
    let (packet, _) = v5_0::Connect::parse(body).map_err(|error| rejected("CONNECT", error))?;
    let mut found = ConnectPacket {
        connect: Connect {
            client_id: packet.client_id().to_owned(),
            user_name: packet.user_name().map(UserName::new),
            has_password: packet.password_flag(),
            has_will: packet.will_flag(),
            keep_alive: packet.keep_alive(),
            clean_start: packet.clean_start(),
            session_expiry: 0,
            receive_maximum: u16::MAX,
            maximum_packet_size: None,
            topic_alias_maximum: 0,
            user_properties: user_properties(packet.props()),
        },
        wants_problem_information: true,
        wants_authentication: false,
    };
    for property in packet.props() {
        let connect = &mut found.connect;
        match property {
            Property::ReceiveMaximum(value) => connect.receive_maximum = value.val(),
            Property::MaximumPacketSize(value) => connect.maximum_packet_size = Some(value.val()),
            Property::TopicAliasMaximum(value) => connect.topic_alias_maximum = value.val(),
            Property::SessionExpiryInterval(value) => connect.session_expiry = value.val(),
            Property::RequestProblemInformation(value) => {
                found.wants_problem_information = value.val() != 0;
            }
            Property::AuthenticationMethod(_) => found.wants_authentication = true,
            _ => {}
        }
    }
    Ok(found)
}

fn subscribe(body: &[u8]) -> Result<ToServer, Violation> {
    let (packet, _) = v5_0::Subscribe::parse(body).map_err(|error| rejected("SUBSCRIBE", error))?;
    Ok(ToServer::Subscribe {
        id: packet_id("SUBSCRIBE", packet.packet_id())?,
        filters: packet
            .entries()
            .iter()
            .map(|entry| (entry.topic_filter().to_owned(), qos(entry.sub_opts().qos())))
            .collect(),
        has_subscription_id: packet
            .props()
            .iter()
            .any(|property| matches!(property, Property::SubscriptionIdentifier(_))),
    })
}

fn unsubscribe(body: &[u8]) -> Result<ToServer, Violation> {
    let (packet, _) = v5_0::Unsubscribe::parse(body).map_err(|error| rejected("UNSUBSCRIBE", error))?;
    Ok(ToServer::Unsubscribe {
        id: packet_id("UNSUBSCRIBE", packet.packet_id())?,
        filters: packet.entries().iter().map(|filter| filter.as_str().to_owned()).collect(),
    })
}
