//! Requests and acknowledgements to bytes.

use bytes::Bytes;
use mqtt_protocol_core::mqtt::packet::{Property, Qos, SessionExpiryInterval, SubEntry, SubOpts, v5_0};
use mqtt_protocol_core::mqtt::result_code::{
    DisconnectReasonCode, PubackReasonCode, SubackReasonCode, UnsubackReasonCode,
};

use super::{explanation, fitting, put_code};
use crate::{PacketId, QoS, ReasonCode, RequestError, topic};

const BUILDS: &str = "the packet holds only what its builder accepts";

/// A SUBSCRIBE for one topic. The options but the quality of service stay 0, as in the
/// reference sample (docs/protocol.md, section A).
pub(crate) fn subscribe(id: PacketId, filter: &str, qos: QoS, max: u32) -> Result<Bytes, RequestError> {
    topic::check_filter(filter).map_err(RequestError::TopicFilter)?;
    let qos = match qos {
        QoS::AtMostOnce => Qos::AtMostOnce,
        QoS::AtLeastOnce => Qos::AtLeastOnce,
        QoS::ExactlyOnce => return Err(RequestError::QoS(qos)),
    };
    let entry = SubEntry::new(filter, SubOpts::new().set_qos(qos))
        .map_err(|_| RequestError::TopicFilter("MQTT can't carry it"))?;
    let packet = v5_0::Subscribe::builder()
        .packet_id(id.get())
        .entries(vec![entry])
        .build()
        .map_err(|_| RequestError::TopicFilter("MQTT can't carry it"))?
        .to_continuous_buffer();
    if packet.len() > max as usize {
        let size = packet.len() as u64;
        return Err(RequestError::TooLarge { size, max });
    }
    Ok(packet.into())
}

/// A SUBACK, one code per filter.
pub(crate) fn suback(id: PacketId, codes: &[ReasonCode], text: Option<&str>, max: u32) -> Bytes {
    let build = |properties| {
        let packet = v5_0::Suback::builder()
            .packet_id(id.get())
            .reason_codes(vec![SubackReasonCode::UnspecifiedError; codes.len()])
            .props(properties)
            .build()
            .expect(BUILDS);
        put_last_codes(packet.to_continuous_buffer(), codes)
    };
    fitting(max, build(explanation(text, &[])), || build(Vec::new())).into()
}

/// An UNSUBACK, one code per filter.
pub(crate) fn unsuback(id: PacketId, codes: &[ReasonCode], text: Option<&str>, max: u32) -> Bytes {
    let build = |properties| {
        let packet = v5_0::Unsuback::builder()
            .packet_id(id.get())
            .reason_codes(vec![UnsubackReasonCode::UnspecifiedError; codes.len()])
            .props(properties)
            .build()
            .expect(BUILDS);
        put_last_codes(packet.to_continuous_buffer(), codes)
    };
    fitting(max, build(explanation(text, &[])), || build(Vec::new())).into()
}

/// A PUBACK; the success form has no reason code at all.
pub(crate) fn puback(
    id: PacketId,
    reason: ReasonCode,
    text: Option<&str>,
    user_properties: &[(&str, &str)],
    max: u32,
) -> Bytes {
    let build = |properties: Vec<Property>| {
        let builder = v5_0::Puback::builder().packet_id(id.get());
        if reason == ReasonCode::SUCCESS && properties.is_empty() {
            return builder.build().expect(BUILDS).to_continuous_buffer();
        }
        let builder = builder.reason_code(PubackReasonCode::UnspecifiedError);
        let builder = if properties.is_empty() { builder } else { builder.props(properties) };
        let packet = builder.build().expect(BUILDS);
        put_code(packet.to_continuous_buffer(), 2, reason)
    };
    let full = build(explanation(text, user_properties));
    fitting(max, full, || build(Vec::new())).into()
}

/// A DISCONNECT; the normal form has no reason code at all.
pub(crate) fn disconnect(reason: ReasonCode, text: Option<&str>, max: u32) -> Bytes {
    let build = |properties: Vec<Property>| {
        let builder = v5_0::Disconnect::builder();
        if reason == ReasonCode::SUCCESS && properties.is_empty() {
            return builder.build().expect(BUILDS).to_continuous_buffer();
        }
        let builder = builder.reason_code(DisconnectReasonCode::UnspecifiedError);
        let builder = if properties.is_empty() { builder } else { builder.props(properties) };
        let packet = builder.build().expect(BUILDS);
        put_code(packet.to_continuous_buffer(), 0, reason)
    };
    fitting(max, build(explanation(text, &[])), || build(Vec::new())).into()
}

/// The DISCONNECT of a client that does not come back: the server need not keep its session.
pub(crate) fn disconnect_for_good() -> Bytes {
    let expiry = SessionExpiryInterval::new(0).map(Property::SessionExpiryInterval).expect(BUILDS);
    let packet = v5_0::Disconnect::builder()
        .reason_code(DisconnectReasonCode::NormalDisconnection)
        .props(vec![expiry])
        .build()
        .expect(BUILDS);
    packet.to_continuous_buffer().into()
}

pub(crate) fn pingreq() -> Bytes {
    v5_0::Pingreq::new().to_continuous_buffer().into()
}

pub(crate) fn pingresp() -> Bytes {
    v5_0::Pingresp::new().to_continuous_buffer().into()
}

/// Writes the codes over the stand-ins at the end of the packet.
fn put_last_codes(mut packet: Vec<u8>, codes: &[ReasonCode]) -> Vec<u8> {
    let start = packet.len() - codes.len();
    for (byte, code) in packet[start..].iter_mut().zip(codes) {
        *byte = code.0;
    }
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: u16 = 0x0102;

    fn id() -> PacketId {
        PacketId::new(ID).unwrap()
    }

    #[test]
    fn acknowledgements_are_as_short_as_mqtt_allows() {
        assert_eq!(&puback(id(), ReasonCode::SUCCESS, None, &[], 100)[..], [0x40, 2, 1, 2]);
        assert_eq!(&disconnect(ReasonCode::SUCCESS, None, 100)[..], [0xE0, 0]);
        assert_eq!(&disconnect(ReasonCode::TAKEN_OVER, None, 100)[..], [0xE0, 1, 0x8E]);
        assert_eq!(&disconnect_for_good()[..], [0xE0, 7, 0, 5, 0x11, 0, 0, 0, 0]);
    }

    #[test]
    fn a_code_that_the_table_does_not_allow_in_a_puback_is_written_all_the_same() {
        let packet = puback(id(), ReasonCode::PACKET_TOO_LARGE, Some("long"), &[], 100);
        assert_eq!(&packet[..], b"\x40\x0B\x01\x02\x95\x07\x1F\x00\x04long");
    }

    #[test]
    fn an_explanation_that_does_not_fit_is_left_out() {
        let packet = puback(id(), ReasonCode::NOT_AUTHORIZED, Some("muted"), &[("a", "b")], 8);
        assert_eq!(&packet[..], [0x40, 3, 1, 2, 0x87]);
        let packet = suback(id(), &[ReasonCode::NOT_AUTHORIZED], Some("no"), 8);
        assert_eq!(&packet[..], [0x90, 4, 1, 2, 0, 0x87]);
    }

    #[test]
    fn the_code_lands_behind_a_long_length() {
        let text = "x".repeat(300);
        let packet = puback(id(), ReasonCode::QUOTA_EXCEEDED, Some(&text), &[], 1000);
        assert_eq!(&packet[..6], [0x40, 0xB4, 0x02, 1, 2, 0x97]);
    }
}
