//! What a token says of itself (docs/protocol.md, section B). Read, never verified: that is the server's work.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Number, Value};

use crate::{RoomId, Token, UserId, body};

/// The claims of a chat or connection token.
///
/// ```
/// use chatroom_wire::{Claims, Token};
///
/// // {"sub":"ada","chat_id":"room-1","roles":["ROLE_VIEWER"],"exp":1722268288}
/// let token = Token::new(
///     "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhZGEiLCJjaGF0X2lkIjoicm9vbS0xIiwicm9sZXMiOlsiUk9MRV9WSUVXRVIiXSwiZXhwIjoxNzIyMjY4Mjg4fQ.c2ln",
/// );
/// let claims = Claims::of(&token)?;
/// assert_eq!(claims.sub.as_ref().map(|sub| sub.as_str()), Some("ada"));
/// assert_eq!(claims.exp, Some(1_722_268_288));
/// # Ok::<(), chatroom_wire::claims::ClaimsError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who the token is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub: Option<UserId>,
    /// The organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_id: Option<String>,
    /// The room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat_id: Option<RoomId>,
    /// The token's type.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// What the bearer may do.
    #[serde(default, deserialize_with = "roles")]
    pub roles: Vec<String>,
    /// When the token ends, in seconds since 1970.
    #[serde(default, deserialize_with = "numeric_date", skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    /// When the token was made, in seconds since 1970.
    #[serde(default, deserialize_with = "numeric_date", skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    /// Claims that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Why a text is no token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ClaimsError {
    /// A JWT is three parts with dots between.
    #[error("the token is no JWT: it has not three parts with dots between them")]
    NotThreeParts,
    /// The middle part is not base64url.
    #[error("the token is no JWT: its middle part is not base64url")]
    NotBase64,
    /// The middle part holds no claims.
    #[error("the token is no JWT: its middle part holds no claims in JSON")]
    NotClaims,
}

impl Claims {
    /// Reads the claims of a token.
    ///
    /// # Errors
    /// When the token is no JWT. The error never quotes the token.
    pub fn of(token: &Token) -> Result<Self, ClaimsError> {
        let mut parts = token.expose().split('.');
        let (Some(_), Some(claims), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
            return Err(ClaimsError::NotThreeParts);
        };
        let json = URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).map_err(|_| ClaimsError::NotBase64)?;
        // What can't be read of it is unknown: the service alone knows whether the token is good.
        body::read_answer(&json).map_err(|_| ClaimsError::NotClaims)
    }

    /// When the token ends, if it says so; what is beyond the calendar ends with it.
    pub fn expires_at(&self) -> Option<Timestamp> {
        let end = self.exp?;
        let beyond = if end > 0 { Timestamp::MAX } else { Timestamp::MIN };
        Some(Timestamp::from_second(end).unwrap_or(beyond))
    }

    /// Whether the token had ended at `now`.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.exp.is_some_and(|end| end <= now.as_second())
    }
}

/// A JWT's times may have fractions; the second in which the token ends is enough. What is no number is unknown.
fn numeric_date<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    #[expect(clippy::cast_possible_truncation, reason = "a time beyond 64 bits is as good as the last one")]
    let seconds = |number: &Number| number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds.floor() as i64));
    Ok(Value::deserialize(deserializer)?.as_number().and_then(seconds))
}

/// One role may stand without a list around it. What is no role says nothing.
fn roles<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let role = |value| if let Value::String(role) = value { Some(role) } else { None };
    Ok(match Value::deserialize(deserializer)? {
        Value::Array(roles) => roles.into_iter().filter_map(role).collect(),
        one => role(one).into_iter().collect(),
    })
}
