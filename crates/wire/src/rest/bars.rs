//! Bodies of the calls by which an operator keeps people out of a room (docs/protocol.md, section I.11).

use serde::{Deserialize, Serialize};

use crate::{Time, UserId};

/// `POST /chatrooms/{id}/users:bar` and `…:unbar`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BarUser {
    /// The person.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 128)))]
    pub user_id: UserId,
}

/// The answer to both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BarAnswer {
    /// Whether it was not so before.
    pub changed: bool,
}

/// The answer to `GET /chatrooms/{id}/barred-users`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BarredUsers {
    /// Who may not come in, the oldest bar first.
    pub barred_users: Vec<BarredUser>,
}

/// Somebody who may not come into a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BarredUser {
    /// The person.
    pub user_id: UserId,
    /// Since when.
    pub barred_at: Time,
}
