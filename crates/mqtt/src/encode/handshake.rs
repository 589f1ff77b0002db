//! CONNECT and CONNACK to bytes.

use bytes::Bytes;
use mqtt_protocol_core::mqtt::packet::{
    AssignedClientIdentifier, MaximumPacketSize, MaximumQos, Property, ReceiveMaximum, RetainAvailable,
    ServerKeepAlive, SessionExpiryInterval, SharedSubscriptionAvailable, SubscriptionIdentifierAvailable,
    TopicAliasMaximum, WildcardSubscriptionAvailable, v3_1_1, v5_0,
};
use mqtt_protocol_core::mqtt::result_code::{ConnectReasonCode, ConnectReturnCode, MqttError};

use super::{explanation, fitting, is_writable, put_code};
use crate::options::{Accept, ConnectOptions, LARGEST_PACKET, ServerOptions};
use crate::{QoS, ReasonCode};

const BUILDS: &str = "the packet holds only what its builder accepts";

/// A CONNECT without will and password, with properties only where they say something.
/// The error is a text for a person; it never holds the user name.
pub(crate) fn connect(options: &ConnectOptions) -> Result<Bytes, &'static str> {
    if !is_writable(&options.client_id) {
        return Err("the client identifier is longer than 65,535 bytes or holds U+0000");
    }
    if options.receive_maximum == 0 || options.maximum_packet_size == 0 {
        return Err("a Receive Maximum or Maximum Packet Size of 0 can't be announced");
    }
    let properties = connect_properties(options).map_err(|_| "a property can't be written")?;
    let builder = v5_0::Connect::builder()
        .clean_start(options.clean_start)
        .keep_alive(options.keep_alive)
        .props(properties)
        .client_id(options.client_id.as_str())
        .map_err(|_| "the client identifier can't be written")?;
    let builder = match &options.user_name {
        Some(name) if !is_writable(name.expose()) => {
            return Err("the user name is longer than 65,535 bytes or holds U+0000");
        }
        Some(name) => builder.user_name(name.expose()).map_err(|_| "the user name can't be written")?,
        None => builder,
    };
    let packet = builder.build().map_err(|_| "it can't be written")?;
    Ok(packet.to_continuous_buffer().into())
}

fn connect_properties(options: &ConnectOptions) -> Result<Vec<Property>, MqttError> {
    let mut properties = Vec::new();
    if options.session_expiry != 0 {
        properties.push(SessionExpiryInterval::new(options.session_expiry)?.into());
    }
    if options.receive_maximum != u16::MAX {
        properties.push(ReceiveMaximum::new(options.receive_maximum)?.into());
    }
    if options.maximum_packet_size < LARGEST_PACKET {
        properties.push(MaximumPacketSize::new(options.maximum_packet_size)?.into());
    }
    if options.topic_alias_maximum != 0 {
        properties.push(TopicAliasMaximum::new(options.topic_alias_maximum)?.into());
    }
    Ok(properties)
}

/// What a server's CONNACK says.
#[derive(Debug)]
pub(crate) struct Announced<'a> {
    pub(crate) accept: Accept,
    pub(crate) options: &'a ServerOptions,
    /// How long the client asked its session to be kept, in seconds; it must be told if it is another time.
    pub(crate) asked_session_expiry: u32,
    /// The largest packet that the client accepts.
    pub(crate) max: u32,
}

/// A CONNACK that accepts.
pub(crate) fn connack_success(announced: &Announced<'_>) -> Bytes {
    let accept = &announced.accept;
    let pairs: Vec<(&str, &str)> =
        accept.user_properties.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let build = |explanation: Vec<Property>| {
        let mut properties = connack_properties(announced).expect(BUILDS);
        properties.extend(explanation);
        v5_0::Connack::builder()
            .session_present(accept.session_present)
            .reason_code(ConnectReasonCode::Success)
            .props(properties)
            .build()
            .expect(BUILDS)
            .to_continuous_buffer()
    };
    let full = build(explanation(accept.reason_string.as_deref(), &pairs));
    fitting(announced.max, full, || build(Vec::new())).into()
}

fn connack_properties(announced: &Announced<'_>) -> Result<Vec<Property>, MqttError> {
    let Announced { accept, options, .. } = announced;
    let mut properties: Vec<Property> = vec![
        ServerKeepAlive::new(accept.keep_alive)?.into(),
        MaximumQos::new(accept.maximum_qos.min(QoS::AtLeastOnce).level())?.into(),
        RetainAvailable::new(0)?.into(),
        WildcardSubscriptionAvailable::new(0)?.into(),
        SubscriptionIdentifierAvailable::new(0)?.into(),
        SharedSubscriptionAvailable::new(0)?.into(),
    ];
    // A limit of 0 would be a protocol error; it stands for the least that MQTT knows.
    if options.receive_maximum != u16::MAX {
        properties.push(ReceiveMaximum::new(options.receive_maximum.max(1))?.into());
    }
    if options.maximum_packet_size < LARGEST_PACKET {
        properties.push(MaximumPacketSize::new(options.maximum_packet_size.max(1))?.into());
    }
    if options.topic_alias_maximum != 0 {
        properties.push(TopicAliasMaximum::new(options.topic_alias_maximum)?.into());
    }
    if accept.session_expiry != announced.asked_session_expiry {
        properties.push(SessionExpiryInterval::new(accept.session_expiry)?.into());
    }
    if let Some(id) = accept.assigned_client_id.as_deref()
        && is_writable(id)
    {
        properties.push(AssignedClientIdentifier::new(id)?.into());
    }
    Ok(properties)
}

/// A CONNACK that refuses.
pub(crate) fn connack_refusal(reason: ReasonCode, text: Option<&str>, max: u32) -> Bytes {
    let build = |properties| {
        let packet = v5_0::Connack::builder()
            .session_present(false)
            .reason_code(ConnectReasonCode::UnspecifiedError)
            .props(properties)
            .build()
            .expect(BUILDS);
        put_code(packet.to_continuous_buffer(), 1, reason)
    };
    fitting(max, build(explanation(text, &[])), || build(Vec::new())).into()
}

/// The CONNACK of MQTT 3.1.1 that says "unacceptable protocol version": the only one
/// that such a client can read.
pub(crate) fn connack_old_version() -> Bytes {
    v3_1_1::Connack::builder()
        .session_present(false)
        .return_code(ConnectReturnCode::UnacceptableProtocolVersion)
        .build()
        .expect(BUILDS)
        .to_continuous_buffer()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UserName;

    #[test]
    fn a_connect_holds_user_name_client_id_and_clean_start_and_no_more() {
        let mut options = ConnectOptions::new("room-7", Some(UserName::new("?x-token=t")));
        options.receive_maximum = u16::MAX;
        options.maximum_packet_size = LARGEST_PACKET;
        options.topic_alias_maximum = 0;
        assert_eq!(
            &connect(&options).unwrap()[..],
            b"\x10\x1F\x00\x04MQTT\x05\x82\x00\x1E\x00\x00\x06room-7\x00\x0A?x-token=t"
        );
    }

    #[test]
    fn the_usual_connect_announces_our_limits() {
        let options = ConnectOptions::new("room-7", Some(UserName::new("?x-token=t")));
        assert_eq!(
            &connect(&options).unwrap()[..],
            b"\x10\x2A\x00\x04MQTT\x05\x82\x00\x1E\
              \x0B\x21\x00\x64\x27\x00\x02\x00\x00\x22\x00\x08\
              \x00\x06room-7\x00\x0A?x-token=t"
        );
    }

    #[test]
    fn a_client_of_3_1_1_gets_a_refusal_that_it_can_read() {
        assert_eq!(&connack_old_version()[..], [0x20, 2, 0, 1]);
    }

    #[test]
    fn what_cannot_be_written_is_said_without_the_user_name() {
        let options = ConnectOptions::new("a", Some(UserName::new("secret\0")));
        assert!(!connect(&options).unwrap_err().contains("secret"));
    }
}
