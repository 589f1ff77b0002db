//! Packets to bytes.

use bytes::Bytes;

use crate::PublishError;

/// One PUBLISH at QoS 0 without alias, encoded once and shared by all subscribers of a room.
///
/// # Errors
/// See [`PublishError`].
pub fn encode_publish(topic: &str, payload: &[u8], user_properties: &[(&str, &str)]) -> Result<Bytes, PublishError> {
    let _ = (topic, payload, user_properties);
    Err(PublishError::NotConnected)
}
