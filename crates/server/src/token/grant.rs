//! What a token grants.

use chatroom_wire::{RoomId, UserId, rest::Role};
use jiff::Timestamp;

use super::TOKEN_MAX;

/// What a token grants to whom, and until when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The room, the only one the token is good for.
    pub room: RoomId,
    /// The person.
    pub user: UserId,
    /// The person's device.
    pub device_id: String,
    /// The name shown to others.
    pub name: String,
    /// What the bearer may do.
    pub role: Role,
    /// Whether the person was made up for the token.
    pub is_guest: bool,
    /// The organisation.
    pub tenant_id: String,
    /// When the token ends. A token keeps whole seconds; what is finer is cut.
    pub expires_at: Timestamp,
}

impl Grant {
    /// The same grant with another end.
    #[must_use]
    pub fn until(&self, expires_at: Timestamp) -> Self {
        Self { expires_at, ..self.clone() }
    }

    /// Whether a token of this grant stays small enough to be accepted again. Ask before issuing one with texts that
    /// someone else chose.
    pub fn is_issuable(&self) -> bool {
        // A client id of our own making and the claims' names take the other half.
        let texts = [self.room.as_str(), self.user.as_str(), &self.device_id, &self.name, &self.tenant_id];
        let json: usize =
            texts.iter().map(|text| serde_json::to_string(text).map_or(usize::MAX / 8, |json| json.len())).sum();
        json <= TOKEN_MAX / 2
    }
}

/// What a token for a matter of the whole organisation grants, and until when: its dictionaries, or its stickers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgGrant {
    /// The organisation.
    pub tenant_id: String,
    /// When the token ends. A token keeps whole seconds; what is finer is cut.
    pub expires_at: Timestamp,
}
