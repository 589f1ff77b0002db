//! Whole packets to plain values, by the library and behind the guard.

mod client_side;
mod server_side;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use mqtt_protocol_core::mqtt::ArcPayload;
use mqtt_protocol_core::mqtt::packet::{Property, Qos, v5_0};
use mqtt_protocol_core::mqtt::result_code::MqttError;

use crate::frame::Frame;
use crate::violation::Violation;
use crate::{PacketId, QoS, ReasonCode, UserProperties};

pub(crate) use client_side::{Ack, ConnAckPacket, Goodbye, ToClient, to_client};
pub(crate) use server_side::{ConnectPacket, ToServer, to_server};

/// A PUBLISH whose alias is not resolved yet.
#[derive(Debug)]
pub(crate) struct PublishPacket {
    pub(crate) id: Option<PacketId>,
    pub(crate) topic: String,
    pub(crate) alias: Option<u16>,
    pub(crate) payload: Bytes,
    pub(crate) qos: QoS,
    pub(crate) retain: bool,
    pub(crate) dup: bool,
    pub(crate) user_properties: UserProperties,
    pub(crate) message_expiry: Option<u32>,
    pub(crate) has_subscription_id: bool,
}

fn publish(frame: &Frame<'_>) -> Result<PublishPacket, Violation> {
    let body: Arc<[u8]> = Arc::from(&*frame.body);
    let (packet, _) = v5_0::Publish::parse(frame.flags, body).map_err(|error| rejected("PUBLISH", error))?;
    let mut alias = None;
    let mut message_expiry = None;
    let mut has_subscription_id = false;
    for property in packet.props() {
        match property {
            Property::TopicAlias(value) => alias = Some(value.val()),
            Property::MessageExpiryInterval(value) => message_expiry = Some(value.val()),
            Property::SubscriptionIdentifier(_) => has_subscription_id = true,
            _ => {}
        }
    }
    Ok(PublishPacket {
        id: packet.packet_id().and_then(PacketId::new),
        topic: packet.topic_name().to_owned(),
        alias,
        payload: Bytes::from_owner(Payload(packet.payload().clone())),
        qos: qos(packet.qos()),
        retain: packet.retain(),
        dup: packet.dup(),
        user_properties: user_properties(packet.props()),
        message_expiry,
        has_subscription_id,
    })
}

/// Lets the payload share the memory of its packet.
struct Payload(ArcPayload);

impl AsRef<[u8]> for Payload {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

fn qos(qos: Qos) -> QoS {
    match qos {
        Qos::AtMostOnce => QoS::AtMostOnce,
        Qos::AtLeastOnce => QoS::AtLeastOnce,
        Qos::ExactlyOnce => QoS::ExactlyOnce,
    }
}

fn user_properties(properties: &[Property]) -> UserProperties {
    properties
        .iter()
        .filter_map(|property| match property {
            Property::UserProperty(pair) => Some((pair.key().to_owned(), pair.val().to_owned())),
            _ => None,
        })
        .collect()
}

fn reason_string(properties: &[Property]) -> Option<String> {
    properties.iter().find_map(|property| match property {
        Property::ReasonString(text) => Some(text.val().to_owned()),
        _ => None,
    })
}

fn server_reference(properties: &[Property]) -> Option<String> {
    properties.iter().find_map(|property| match property {
        Property::ServerReference(text) => Some(text.val().to_owned()),
        _ => None,
    })
}

fn packet_id(name: &str, number: u16) -> Result<PacketId, Violation> {
    PacketId::new(number).ok_or_else(|| Violation::protocol(name, "the packet identifier is 0"))
}

/// The body with every failure code from `start` to `end` that the library does not
/// know in this packet replaced by "unspecified", which it does. By MQTT 5 section 2.4
/// a code from 0x80 on is a failure, so an unknown one is a refusal, no reason to
/// drop the link.
fn with_known_codes(body: &[u8], range: std::ops::Range<usize>, is_known: impl Fn(u8) -> bool) -> Cow<'_, [u8]> {
    let mut tamed = Cow::Borrowed(body);
    let range = range.start.min(body.len())..range.end.min(body.len());
    for index in range {
        if ReasonCode(body[index]).is_error() && !is_known(body[index]) {
            tamed.to_mut()[index] = ReasonCode::UNSPECIFIED.0;
        }
    }
    tamed
}

/// The library refused a packet that the guard let pass.
fn rejected(name: &str, error: MqttError) -> Violation {
    match error {
        MqttError::ProtocolError => {
            Violation::protocol(name, "a property may not stand here, or a value may not be used")
        }
        MqttError::TopicNameInvalid => Violation::new(
            ReasonCode::TOPIC_INVALID,
            crate::CloseCause::ProtocolError(format!("{name}: the topic is invalid")),
        ),
        _ => Violation::malformed(name, "a value has no meaning in MQTT 5"),
    }
}
