//! A grant as the claims of a token (docs/protocol.md, section B).

use chatroom_wire::{ClientId, RoomId, UserId, rest::Role};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Grant, TokenError};

/// How far in the future a token may be made, in seconds: clocks differ.
const SKEW: i64 = 60;

/// What a token is for. No type stands for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Use {
    Chat,
    Refresh,
    Connection,
}

/// The claims of a token, all that it must have. A claim that comes twice makes it malformed.
#[derive(Serialize, Deserialize)]
pub(super) struct Claims {
    sub: UserId,
    tenant_id: String,
    chat_id: RoomId,
    #[serde(rename = "type")]
    kind: Use,
    device_id: String,
    roles: Vec<Role>,
    name: String,
    is_guest: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<ClientId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    iat: i64,
    exp: i64,
}

impl Claims {
    pub(super) fn of(grant: &Grant, kind: Use, client_id: Option<&ClientId>, now: Timestamp) -> Self {
        Self {
            sub: grant.user.clone(),
            tenant_id: grant.tenant_id.clone(),
            chat_id: grant.room.clone(),
            kind,
            device_id: grant.device_id.clone(),
            roles: vec![grant.role],
            name: grant.name.clone(),
            is_guest: grant.is_guest,
            client_id: client_id.cloned(),
            nbf: None,
            iat: now.as_second(),
            exp: grant.expires_at.as_second(),
        }
    }

    /// What the claims grant, if they are for this use and for now.
    pub(super) fn grant(self, wanted: Use, now: Timestamp) -> Result<(Grant, Option<ClientId>), TokenError> {
        if self.kind != wanted {
            return Err(TokenError::WrongType);
        }
        let [role] = self.roles[..] else { return Err(TokenError::Malformed) };
        let expires_at = Timestamp::from_second(self.exp).map_err(|_| TokenError::Malformed)?;
        if expires_at <= now {
            return Err(TokenError::Expired);
        }
        let latest_start = now.as_second().saturating_add(SKEW);
        if self.iat > latest_start || self.nbf.is_some_and(|nbf| nbf > latest_start) {
            return Err(TokenError::NotYet);
        }
        let grant = Grant {
            room: self.chat_id,
            user: self.sub,
            device_id: self.device_id,
            name: self.name,
            role,
            is_guest: self.is_guest,
            tenant_id: self.tenant_id,
            expires_at,
        };
        Ok((grant, self.client_id))
    }
}
