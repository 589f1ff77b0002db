//! Bodies of the calls that make tokens (docs/protocol.md, section C.1).

use serde::{Deserialize, Serialize};

use crate::{RefreshToken, Time, Token, number, secret};

/// What a token lets its bearer do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Role {
    /// Read and write.
    #[default]
    #[serde(rename = "ROLE_VIEWER")]
    Viewer,
    /// Moderate too.
    #[serde(rename = "ROLE_ADMIN")]
    Admin,
}

impl Role {
    /// The name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Viewer => "ROLE_VIEWER",
            Self::Admin => "ROLE_ADMIN",
        }
    }
}

/// `POST /chatrooms/{id}/tokens`: makes a chat token. What is not said, the server fills in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreateToken {
    /// What the bearer may do.
    #[serde(default)]
    pub role: Role,
    /// The device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// The person; without one, a guest is made up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The name shown to others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When the token is to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_at: Option<Time>,
}

/// The answer of [`CreateToken`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = crate::schema::needs("expires_in refresh_expires_in")))]
pub struct TokenAnswer {
    /// The chat token.
    #[serde(serialize_with = "secret::exposed", deserialize_with = "secret::not_empty")]
    pub token: Token,
    /// Seconds until it ends, where the service says so.
    #[serde(default, deserialize_with = "number::life")]
    pub expires_in: Option<i64>,
    /// What buys a new one.
    #[serde(serialize_with = "secret::exposed", deserialize_with = "secret::not_empty")]
    pub refresh_token: RefreshToken,
    /// Seconds until that ends, where the service says so.
    #[serde(default, deserialize_with = "number::life")]
    pub refresh_expires_in: Option<i64>,
}

/// `POST /chatrooms/tokens:refresh`: buys a new chat token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RefreshRequest {
    /// The refresh token.
    #[serde(serialize_with = "secret::exposed")]
    pub refresh_token: RefreshToken,
    /// When the new token is to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expired_at: Option<Time>,
}

/// The answer of [`RefreshRequest`]. The refresh token stays the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = crate::schema::needs("expires_in")))]
pub struct RefreshAnswer {
    /// The new chat token.
    #[serde(serialize_with = "secret::exposed", deserialize_with = "secret::not_empty")]
    pub token: Token,
    /// Seconds until it ends, where the service says so.
    #[serde(default, deserialize_with = "number::life")]
    pub expires_in: Option<i64>,
}
