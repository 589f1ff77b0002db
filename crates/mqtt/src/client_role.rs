//! The client's side of a link.
#![allow(clippy::unused_self, clippy::needless_pass_by_value, clippy::needless_pass_by_ref_mut)]

use std::time::Duration;

use bytes::Bytes;

use crate::{ClientOutput, ConnectOptions, Deadline, PacketId, PublishError, QoS, ReasonCode, RequestError};

/// The client's side of one link; make a new one for each link.
#[derive(Debug, Default)]
pub struct ClientRole {}

impl ClientRole {
    /// A role whose link is not used yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends the CONNECT; call it once, when the link is open.
    pub fn connect(&mut self, _now: Duration, _options: ConnectOptions) {}

    /// Asks for the messages of a topic.
    ///
    /// # Errors
    /// See [`RequestError`].
    pub fn subscribe(&mut self, _now: Duration, _topic: &str, _qos: QoS) -> Result<PacketId, RequestError> {
        Err(RequestError::NotConnected)
    }

    /// Sends a message; the identifier is `None` at QoS 0.
    ///
    /// # Errors
    /// See [`PublishError`].
    pub fn publish(
        &mut self,
        _now: Duration,
        _topic: &str,
        _payload: &[u8],
        _qos: QoS,
    ) -> Result<Option<PacketId>, PublishError> {
        Err(PublishError::NotConnected)
    }

    /// Sends a PINGREQ now, to find out whether the link lives.
    pub fn ping(&mut self, _now: Duration) {}

    /// Says DISCONNECT and closes.
    pub fn disconnect(&mut self, _now: Duration, _reason: ReasonCode) {}

    /// Takes bytes from the link, in any slicing.
    pub fn receive(&mut self, _now: Duration, _bytes: &[u8]) {}

    /// The link ended.
    pub fn link_closed(&mut self, _now: Duration) {}

    /// Acts on every deadline that is due.
    pub fn handle_timeout(&mut self, _now: Duration) {}

    /// The next duty or fact.
    pub fn poll_output(&mut self) -> Option<ClientOutput> {
        Some(ClientOutput::Send(Bytes::new())).filter(|_| false)
    }

    /// The earliest deadline, with its reason.
    pub fn poll_timeout(&self) -> Option<(Duration, Deadline)> {
        None
    }

    /// How many QoS 1 messages wait for their acknowledgement.
    pub fn in_flight(&self) -> usize {
        0
    }

    /// How many more QoS 1 messages the server takes now.
    pub fn send_quota(&self) -> usize {
        0
    }
}
