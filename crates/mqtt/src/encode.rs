//! Packets to bytes, by the library.

mod ack;
mod handshake;
mod publish;

use mqtt_protocol_core::mqtt::packet::{Property, ReasonString, UserProperty};

use crate::ReasonCode;

pub(crate) use ack::{disconnect, disconnect_for_good, pingreq, pingresp, puback, suback, subscribe, unsuback};
pub(crate) use handshake::{Announced, connack_old_version, connack_refusal, connack_success, connect};
pub use publish::encode_publish;
pub(crate) use publish::{Outbound, publish};

/// The most bytes of texts in one packet; far over every peer's limit, far under MQTT's.
const MAX_EXPLANATION: usize = 1 << 20;

/// A text and user properties, as far as they can stand on the wire: what is too
/// long for MQTT (65,535 bytes each) or holds U+0000 is left out.
fn explanation(text: Option<&str>, user_properties: &[(&str, &str)]) -> Vec<Property> {
    let text =
        text.filter(|text| is_writable(text)).and_then(|text| ReasonString::new(text).ok()).map(Property::ReasonString);
    let pairs = user_properties
        .iter()
        .filter(|(key, value)| is_writable(key) && is_writable(value))
        .filter_map(|(key, value)| UserProperty::new(*key, *value).ok())
        .map(Property::UserProperty);
    let mut left = MAX_EXPLANATION;
    text.into_iter()
        .chain(pairs)
        .take_while(|property| {
            let fits = property.size() <= left;
            left = left.saturating_sub(property.size());
            fits
        })
        .collect()
}

/// Whether MQTT can carry a text.
fn is_writable(text: &str) -> bool {
    u16::try_from(text.len()).is_ok() && !text.contains('\0')
}

/// The first of two forms of a packet that the peer accepts: with its explanation, or bare
/// (MQTT 5 forbids an explanation that would make a packet too large).
fn fitting(max: u32, full: Vec<u8>, bare: impl FnOnce() -> Vec<u8>) -> Vec<u8> {
    if full.len() > max as usize { bare() } else { full }
}

/// Puts a reason code into a packet that the library wrote with a code that it knows there;
/// `offset` counts from the end of the fixed header.
fn put_code(mut packet: Vec<u8>, offset: usize, code: ReasonCode) -> Vec<u8> {
    let length_width = packet[1..].iter().take_while(|byte| **byte & 0x80 != 0).count() + 1;
    packet[1 + length_width + offset] = code.0;
    packet
}
