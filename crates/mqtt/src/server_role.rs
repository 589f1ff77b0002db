//! The server's side of a link.
#![allow(clippy::unused_self, clippy::needless_pass_by_value, clippy::needless_pass_by_ref_mut)]

use std::time::Duration;

use bytes::Bytes;

use crate::{Accept, Deadline, PacketId, PublishError, ReasonCode, ServerOptions, ServerOutput};

/// The server's side of one link.
#[derive(Debug)]
pub struct ServerRole {}

impl ServerRole {
    /// A role whose link was opened at `now`.
    pub fn new(_now: Duration, _options: ServerOptions) -> Self {
        Self {}
    }

    /// Takes bytes from the link, in any slicing.
    pub fn receive(&mut self, _now: Duration, _bytes: &[u8]) {}

    /// Acts on every deadline that is due.
    pub fn handle_timeout(&mut self, _now: Duration) {}

    /// The link ended.
    pub fn link_closed(&mut self, _now: Duration) {}

    /// The next duty or fact.
    pub fn poll_output(&mut self) -> Option<ServerOutput> {
        Some(ServerOutput::Send(Bytes::new())).filter(|_| false)
    }

    /// The earliest deadline, with its reason.
    pub fn poll_timeout(&self) -> Option<(Duration, Deadline)> {
        None
    }

    /// Accepts the CONNECT.
    pub fn accept(&mut self, _now: Duration, _accept: Accept) {}

    /// Refuses the CONNECT and closes.
    pub fn refuse(&mut self, _now: Duration, _reason: ReasonCode, _text: Option<&str>) {}

    /// Answers a SUBSCRIBE, one code per filter.
    pub fn suback(&mut self, _now: Duration, _id: PacketId, _codes: &[ReasonCode], _text: Option<&str>) {}

    /// Answers an UNSUBSCRIBE, one code per filter.
    pub fn unsuback(&mut self, _now: Duration, _id: PacketId, _codes: &[ReasonCode], _text: Option<&str>) {}

    /// Answers a message of QoS 1.
    pub fn puback(
        &mut self,
        _now: Duration,
        _id: PacketId,
        _reason: ReasonCode,
        _text: Option<&str>,
        _user_properties: &[(&str, &str)],
    ) {
    }

    /// Sends a message at QoS 0.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub fn publish(
        &mut self,
        _now: Duration,
        _topic: &str,
        _payload: &[u8],
        _user_properties: &[(&str, &str)],
    ) -> Result<(), PublishError> {
        Err(PublishError::NotConnected)
    }

    /// Says DISCONNECT and closes.
    pub fn disconnect(&mut self, _now: Duration, _reason: ReasonCode, _text: Option<&str>) {}

    /// The largest packet that the client accepts, in bytes.
    pub fn maximum_outbound(&self) -> u32 {
        crate::LARGEST_PACKET
    }
}
