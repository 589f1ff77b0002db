//! A grant as the claims of a token (docs/protocol.md, section B).

use chatroom_wire::{ClientId, OrgToken, RoomId, UserId, rest::Role};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{ApiUrls, Grant, OrgGrant, TokenError};

/// How far in the future a token may be made, in seconds: clocks differ.
const SKEW: i64 = 60;

/// The claims of a token, by what it is for, so that no type can stand for another. A claim that comes twice makes it
/// malformed.
#[derive(Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(super) enum Claims {
    Chat(RoomClaims),
    Refresh(RoomClaims),
    Connection(RoomClaims),
    Dictionary(OrgClaims),
    Sticker(OrgClaims),
    Organisation(SecretClaims),
}

/// What a token for a room must say.
#[derive(Serialize, Deserialize)]
pub(super) struct RoomClaims {
    sub: UserId,
    tenant_id: String,
    chat_id: RoomId,
    device_id: String,
    roles: Vec<Role>,
    name: String,
    is_guest: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_id: Option<ClientId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chatroom_api: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    chatroom_apis: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    iat: i64,
    exp: i64,
}

/// What a token for a matter of the organisation must say.
#[derive(Serialize, Deserialize)]
pub(super) struct OrgClaims {
    tenant_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chatroom_api: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    chatroom_apis: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nbf: Option<i64>,
    iat: i64,
    exp: i64,
}

/// What the organisation's token says. It does not end: it is good while its secret is the server's.
#[derive(Serialize, Deserialize)]
pub(super) struct SecretClaims {
    jti: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    chatroom_api: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    chatroom_apis: Vec<String>,
}

impl SecretClaims {
    pub(super) fn of(secret: &OrgToken, urls: &ApiUrls) -> Self {
        Self { jti: secret.expose().to_owned(), chatroom_api: urls.main.clone(), chatroom_apis: urls.others.clone() }
    }

    pub(super) fn secret(self) -> OrgToken {
        OrgToken::new(self.jti)
    }
}

impl RoomClaims {
    /// Claims that say where the API is, if `urls` does.
    pub(super) fn of(grant: &Grant, client_id: Option<&ClientId>, urls: &ApiUrls, now: Timestamp) -> Self {
        Self {
            sub: grant.user.clone(),
            tenant_id: grant.tenant_id.clone(),
            chat_id: grant.room.clone(),
            device_id: grant.device_id.clone(),
            roles: vec![grant.role],
            name: grant.name.clone(),
            is_guest: grant.is_guest,
            client_id: client_id.cloned(),
            chatroom_api: urls.main.clone(),
            chatroom_apis: urls.others.clone(),
            nbf: None,
            iat: now.as_second(),
            exp: grant.expires_at.as_second(),
        }
    }

    /// Whether they say that the API is there.
    pub(super) fn say(&self, urls: &ApiUrls) -> bool {
        self.chatroom_api == urls.main && self.chatroom_apis == urls.others
    }

    /// What the claims grant, if they are for now.
    pub(super) fn grant(self, now: Timestamp) -> Result<(Grant, Option<ClientId>), TokenError> {
        let [role] = self.roles[..] else { return Err(TokenError::Malformed) };
        let grant = Grant {
            room: self.chat_id,
            user: self.sub,
            device_id: self.device_id,
            name: self.name,
            role,
            is_guest: self.is_guest,
            tenant_id: self.tenant_id,
            expires_at: end(self.exp, self.iat, self.nbf, now)?,
        };
        Ok((grant, self.client_id))
    }
}

impl OrgClaims {
    pub(super) fn of(grant: &OrgGrant, urls: &ApiUrls, now: Timestamp) -> Self {
        Self {
            tenant_id: grant.tenant_id.clone(),
            chatroom_api: urls.main.clone(),
            chatroom_apis: urls.others.clone(),
            nbf: None,
            iat: now.as_second(),
            exp: grant.expires_at.as_second(),
        }
    }

    /// What the claims grant, if they are for now.
    pub(super) fn grant(self, now: Timestamp) -> Result<OrgGrant, TokenError> {
        Ok(OrgGrant { expires_at: end(self.exp, self.iat, self.nbf, now)?, tenant_id: self.tenant_id })
    }
}

/// When a token ends that is good now.
fn end(exp: i64, iat: i64, nbf: Option<i64>, now: Timestamp) -> Result<Timestamp, TokenError> {
    let end = Timestamp::from_second(exp).map_err(|_| TokenError::Malformed)?;
    if end <= now {
        return Err(TokenError::Expired);
    }
    let latest_start = now.as_second().saturating_add(SKEW);
    if iat > latest_start || nbf.is_some_and(|nbf| nbf > latest_start) {
        return Err(TokenError::NotYet);
    }
    Ok(end)
}
