//! What a server may send.

use mqtt_protocol_core::mqtt::packet::{Property, v5_0};
use mqtt_protocol_core::mqtt::result_code::{
    ConnectReasonCode, DisconnectReasonCode, PubackReasonCode, SubackReasonCode,
};

use super::{
    PublishPacket, packet_id, publish, reason_string, rejected, server_reference, user_properties, with_known_codes,
};
use crate::frame::Frame;
use crate::guard;
use crate::kind::Kind;
use crate::reader::Reader;
use crate::violation::Violation;
use crate::{CloseCause, NotMqtt5, PacketId, QoS, ReasonCode, UserProperties};

/// A packet from a server.
#[derive(Debug)]
pub(crate) enum ToClient {
    ConnAck(Box<ConnAckPacket>),
    Publish(PublishPacket),
    PubAck(Ack),
    SubAck {
        ack: Ack,
        codes: usize,
    },
    PingResp,
    Disconnect(Goodbye),
    /// A packet that this client never asks for.
    Unasked(&'static str),
}

impl ToClient {
    /// What to call a packet that came before the CONNACK, or before the CONNECT.
    pub(crate) fn name_before_connack(&self) -> &'static str {
        match self {
            Self::ConnAck(_) => "a CONNACK before the CONNECT",
            Self::Publish(_) => "a PUBLISH before the CONNACK",
            Self::PubAck(_) => "a PUBACK before the CONNACK",
            Self::SubAck { .. } => "a SUBACK before the CONNACK",
            Self::PingResp => "a PINGRESP before the CONNACK",
            Self::Disconnect(_) => "a DISCONNECT before the CONNECT",
            Self::Unasked(name) => name,
        }
    }
}

/// A CONNACK as it came; `None` where the server said nothing.
#[derive(Debug)]
pub(crate) struct ConnAckPacket {
    pub(crate) session_present: bool,
    pub(crate) session_expiry: Option<u32>,
    pub(crate) reason: ReasonCode,
    pub(crate) server_keep_alive: Option<u16>,
    pub(crate) receive_maximum: Option<u16>,
    pub(crate) maximum_packet_size: Option<u32>,
    pub(crate) topic_alias_maximum: Option<u16>,
    pub(crate) maximum_qos: Option<QoS>,
    pub(crate) assigned_client_id: Option<String>,
    pub(crate) reason_string: Option<String>,
    pub(crate) server_reference: Option<String>,
    pub(crate) user_properties: UserProperties,
}

/// A PUBACK, or a SUBACK with its first code.
#[derive(Debug)]
pub(crate) struct Ack {
    pub(crate) id: PacketId,
    pub(crate) reason: ReasonCode,
    pub(crate) text: Option<String>,
    pub(crate) user_properties: UserProperties,
}

/// A DISCONNECT.
#[derive(Debug)]
pub(crate) struct Goodbye {
    pub(crate) reason: ReasonCode,
    pub(crate) text: Option<String>,
    pub(crate) server_reference: Option<String>,
    pub(crate) session_expiry: Option<u32>,
}

/// Reads a packet that came from a server.
pub(crate) fn to_client(frame: &Frame<'_>) -> Result<ToClient, Violation> {
    if frame.kind == Kind::ConnAck
        && let [_, return_code] = *frame.body
    {
        // MQTT 5 always has a property length here; MQTT 3.1.1 never.
        let cause = CloseCause::NotMqtt5(NotMqtt5::Server { return_code });
        return Err(Violation::new(ReasonCode::PROTOCOL_ERROR, cause));
    }
    match frame.kind {
        Kind::ConnAck | Kind::Publish | Kind::PubAck | Kind::SubAck | Kind::PingResp | Kind::Disconnect => {
            guard::check(frame)?;
        }
        _ => return Ok(ToClient::Unasked(frame.kind.name())),
    }
    match frame.kind {
        Kind::ConnAck => connack(&frame.body).map(Box::new).map(ToClient::ConnAck),
        Kind::Publish => publish(frame).map(ToClient::Publish),
        Kind::PubAck => puback(&frame.body).map(ToClient::PubAck),
        Kind::SubAck => suback(&frame.body),
        Kind::PingResp => Ok(ToClient::PingResp),
        Kind::Disconnect => disconnect(&frame.body).map(ToClient::Disconnect),
        _ => Ok(ToClient::Unasked(frame.kind.name())),
    }
}

fn connack(body: &[u8]) -> Result<ConnAckPacket, Violation> {
    let reason = body.get(1).copied().map_or(ReasonCode::SUCCESS, ReasonCode);
    let known = with_known_codes(body, 1..2, |code| ConnectReasonCode::try_from(code).is_ok());
    let (packet, _) = v5_0::Connack::parse(&known).map_err(|error| rejected("CONNACK", error))?;
    let mut found = ConnAckPacket {
        session_present: packet.session_present(),
        session_expiry: None,
        reason,
        server_keep_alive: None,
        receive_maximum: None,
        maximum_packet_size: None,
        topic_alias_maximum: None,
        maximum_qos: None,
        assigned_client_id: None,
        reason_string: reason_string(packet.props()),
        server_reference: server_reference(packet.props()),
        user_properties: user_properties(packet.props()),
    };
    for property in packet.props() {
        match property {
            Property::SessionExpiryInterval(value) => found.session_expiry = Some(value.val()),
            Property::ServerKeepAlive(value) => found.server_keep_alive = Some(value.val()),
            Property::ReceiveMaximum(value) => found.receive_maximum = Some(value.val()),
            Property::MaximumPacketSize(value) => found.maximum_packet_size = Some(value.val()),
            Property::TopicAliasMaximum(value) => found.topic_alias_maximum = Some(value.val()),
            Property::MaximumQos(value) => {
                found.maximum_qos = Some(match value.val() {
                    0 => QoS::AtMostOnce,
                    _ => QoS::AtLeastOnce,
                });
            }
            Property::AssignedClientIdentifier(value) => {
                found.assigned_client_id = Some(value.val().to_owned());
            }
            _ => {}
        }
    }
    Ok(found)
}

pub(super) fn puback(body: &[u8]) -> Result<Ack, Violation> {
    let reason = body.get(2).copied().map_or(ReasonCode::SUCCESS, ReasonCode);
    let known = with_known_codes(body, 2..3, |code| PubackReasonCode::try_from(code).is_ok());
    let (packet, _) = v5_0::Puback::parse(&known).map_err(|error| rejected("PUBACK", error))?;
    let properties = packet.props().as_deref().unwrap_or_default();
    Ok(Ack {
        id: packet_id("PUBACK", packet.packet_id())?,
        reason,
        text: reason_string(properties),
        user_properties: user_properties(properties),
    })
}

fn suback(body: &[u8]) -> Result<ToClient, Violation> {
    let mut reader = Reader::new("SUBACK", body);
    reader.packet_id()?;
    reader.properties()?;
    let codes = reader.len();
    let reason = ReasonCode(reader.u8()?);
    let known = with_known_codes(body, body.len() - codes..body.len(), |code| SubackReasonCode::try_from(code).is_ok());
    let (packet, _) = v5_0::Suback::parse(&known).map_err(|error| rejected("SUBACK", error))?;
    let ack = Ack {
        id: packet_id("SUBACK", packet.packet_id())?,
        reason,
        text: reason_string(packet.props()),
        user_properties: user_properties(packet.props()),
    };
    Ok(ToClient::SubAck { ack, codes })
}

pub(super) fn disconnect(body: &[u8]) -> Result<Goodbye, Violation> {
    let reason = body.first().copied().map_or(ReasonCode::SUCCESS, ReasonCode);
    let known = with_known_codes(body, 0..1, |code| DisconnectReasonCode::try_from(code).is_ok());
    let (packet, _) = v5_0::Disconnect::parse(&known).map_err(|error| rejected("DISCONNECT", error))?;
    let properties = packet.props().as_deref().unwrap_or_default();
    let session_expiry = properties.iter().find_map(|property| match property {
        Property::SessionExpiryInterval(value) => Some(value.val()),
        _ => None,
    });
    let (text, server_reference) = (reason_string(properties), server_reference(properties));
    Ok(Goodbye { reason, text, server_reference, session_expiry })
}
