//! What a peer did wrong: what it is told, and what the caller is told.

use crate::{CloseCause, ReasonCode};

/// A rule that a peer broke: the reason code for the peer and the cause for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Violation {
    pub(crate) reason: ReasonCode,
    pub(crate) cause: CloseCause,
}

impl Violation {
    pub(crate) fn new(reason: ReasonCode, cause: CloseCause) -> Self {
        Self { reason, cause }
    }

    /// A packet that can't be read.
    pub(crate) fn malformed(packet: &str, what: &str) -> Self {
        let cause = CloseCause::Malformed(format!("{packet}: {what}"));
        Self::new(ReasonCode::MALFORMED, cause)
    }

    /// A packet that can be read and breaks a rule.
    pub(crate) fn protocol(packet: &str, what: &str) -> Self {
        let cause = CloseCause::ProtocolError(format!("{packet}: {what}"));
        Self::new(ReasonCode::PROTOCOL_ERROR, cause)
    }

    /// A packet with more parts than this crate reads.
    pub(crate) fn too_many(packet: &str, what: &str) -> Self {
        let cause = CloseCause::ProtocolError(format!("{packet}: {what}"));
        Self::new(ReasonCode::QUOTA_EXCEEDED, cause)
    }

    /// A packet that may not come now.
    pub(crate) fn unexpected(packet: &'static str) -> Self {
        let cause = CloseCause::UnexpectedPacket(packet);
        Self::new(ReasonCode::PROTOCOL_ERROR, cause)
    }

    pub(crate) fn topic_alias(alias: u16) -> Self {
        let cause = CloseCause::TopicAliasInvalid(alias);
        Self::new(ReasonCode::TOPIC_ALIAS_INVALID, cause)
    }
}
