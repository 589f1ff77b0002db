//! Who wrote a message, or acted on one.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{UserId, null};

/// A person in a room (docs/protocol.md, section C.8).
///
/// A client writes `custom_name` alone; all else is filled in by the server from the sender's token.
///
/// ```
/// use chatroom_wire::User;
///
/// assert_eq!(serde_json::to_string(&User::named("ada"))?, r#"{"custom_name":"ada"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct User {
    /// The person's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<UserId>,
    /// The device the person uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// The name shown to others.
    #[serde(default, deserialize_with = "null::is_default")]
    pub custom_name: String,
    /// Whether the person moderates the room.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("readOnly" = true)))]
    pub is_admin: Option<bool>,
    /// Whether the person came without an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("readOnly" = true)))]
    pub is_guest: Option<bool>,
    /// Whether the person's messages are hidden from others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("readOnly" = true)))]
    pub blocked: Option<bool>,
    /// Whether somebody else in the room goes by this name already; `chatroom serve` says it (docs/protocol.md, section I).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("readOnly" = true)))]
    pub name_taken: Option<bool>,
    /// Who blocked this person, where a list of blocked users says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_taker: Option<Box<Self>>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl User {
    /// Somebody of whom only the name is said.
    pub fn named(custom_name: impl Into<String>) -> Self {
        Self { custom_name: custom_name.into(), ..Self::default() }
    }

    /// Whether nothing at all is said of this person.
    pub fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the server says that this person moderates.
    pub fn is_admin(&self) -> bool {
        self.is_admin == Some(true)
    }

    /// Whether the server says that this person's messages are hidden.
    pub fn is_blocked(&self) -> bool {
        self.blocked == Some(true)
    }
}
