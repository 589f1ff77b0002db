//! Messages to bytes.

use bytes::Bytes;
use mqtt_protocol_core::mqtt::packet::{PropertiesSize, Property, Qos, UserProperty, v5_0};

use super::is_writable;
use crate::options::LARGEST_PACKET;
use crate::{PacketId, PublishError, topic};

/// A message to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outbound<'a> {
    pub(crate) topic: &'a str,
    pub(crate) payload: &'a [u8],
    pub(crate) user_properties: &'a [(&'a str, &'a str)],
}

/// One PUBLISH at QoS 0 without alias, encoded once and shared by all subscribers of a room.
///
/// ```
/// let packet = chatroom_mqtt::encode_publish("room/sub", b"[]", &[])?;
/// assert_eq!(&packet[..], b"\x30\x0D\x00\x08room/sub\x00[]");
/// # Ok::<_, chatroom_mqtt::PublishError>(())
/// ```
///
/// # Errors
/// [`PublishError::Topic`] and [`PublishError::UserProperty`] for what MQTT can't
/// carry, [`PublishError::TooLarge`] over 256 MiB.
pub fn encode_publish(topic: &str, payload: &[u8], user_properties: &[(&str, &str)]) -> Result<Bytes, PublishError> {
    let message = Outbound { topic, payload, user_properties };
    publish(&message, None, LARGEST_PACKET)
}

/// A PUBLISH: at QoS 1 with an identifier, at QoS 0 without.
pub(crate) fn publish(message: &Outbound<'_>, id: Option<PacketId>, max: u32) -> Result<Bytes, PublishError> {
    topic::check_name(message.topic).map_err(PublishError::Topic)?;
    let properties = properties(message.user_properties)?;
    // Measured before the payload is copied.
    let size = size(message, id, properties.size());
    if size > u64::from(max) {
        return Err(PublishError::TooLarge { size, max });
    }
    let builder = v5_0::Publish::builder()
        .topic_name(message.topic)
        .map_err(|_| PublishError::Topic("MQTT can't carry it"))?
        .props(properties)
        .payload(message.payload);
    let builder = match id {
        Some(id) => builder.qos(Qos::AtLeastOnce).packet_id(id.get()),
        None => builder.qos(Qos::AtMostOnce),
    };
    let packet = builder.build().map_err(|_| PublishError::Topic("MQTT can't carry it"))?;
    Ok(packet.to_continuous_buffer().into())
}

fn properties(user_properties: &[(&str, &str)]) -> Result<Vec<Property>, PublishError> {
    user_properties
        .iter()
        .map(|(key, value)| {
            let pair = UserProperty::new(*key, *value).ok();
            pair.filter(|_| is_writable(key) && is_writable(value))
                .map(Property::UserProperty)
                .ok_or(PublishError::UserProperty("it is longer than 65,535 bytes or holds U+0000"))
        })
        .collect()
}

fn size(message: &Outbound<'_>, id: Option<PacketId>, properties: usize) -> u64 {
    let body =
        2 + message.topic.len() + id.map_or(0, |_| 2) + varint_width(properties) + properties + message.payload.len();
    (1 + varint_width(body) + body) as u64
}

/// How many bytes a length takes; from 256 MiB on, more than MQTT has.
fn varint_width(value: usize) -> usize {
    match value {
        0..=0x7F => 1,
        0x80..=0x3FFF => 2,
        0x4000..=0x1F_FFFF => 3,
        0x20_0000..=0x0FFF_FFFF => 4,
        _ => 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_known_before_anything_is_written() {
        for length in [0, 1, 100, 127, 128, 16_000, 16_384, 70_000] {
            for pairs in [&[][..], &[("seq", "7"), ("prev", "6")][..]] {
                for id in [None, PacketId::new(9)] {
                    let payload = vec![b'x'; length];
                    let message = Outbound { topic: "a/b", payload: &payload, user_properties: pairs };
                    let packet = publish(&message, id, LARGEST_PACKET).unwrap();
                    let max = u32::try_from(packet.len()).unwrap();
                    assert_eq!(publish(&message, id, max), Ok(packet));
                    assert_eq!(
                        publish(&message, id, max - 1),
                        Err(PublishError::TooLarge { size: max.into(), max: max - 1 })
                    );
                }
            }
        }
    }

    #[test]
    fn what_mqtt_cannot_carry_is_refused() {
        assert!(matches!(encode_publish("a/#", b"", &[]), Err(PublishError::Topic(_))));
        assert!(matches!(encode_publish("a", b"", &[("k", "\0")]), Err(PublishError::UserProperty(_))));
        assert!(matches!(encode_publish("a", b"", &[("k", &"v".repeat(65_536))]), Err(PublishError::UserProperty(_))));
    }
}
