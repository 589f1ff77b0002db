//! The state of a room, as `GET …/chatrooms` answers it (docs/protocol.md, section C.8).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{RoomId, Time, User, null, number, payload::PinUnpin, poll::Poll};

/// A room.
///
/// ```
/// use chatroom_wire::Chatroom;
///
/// let room: Chatroom = serde_json::from_str(r#"{"id":"room-1","muted":true,"blocked_users":null,"theme":"dark"}"#)?;
/// assert!(room.muted && room.blocked_users.is_empty());
/// assert_eq!(room.extra["theme"], "dark");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = crate::schema::needs("id viewer_info created_at updated_at")))]
pub struct Chatroom {
    /// The room's id; empty where the service does not say it.
    #[serde(default)]
    pub id: RoomId,
    /// Whether viewers may not write for now.
    #[serde(default, deserialize_with = "null::is_default")]
    pub muted: bool,
    /// `CHAT_STATUS_ACTIVE` or `CHAT_STATUS_INACTIVE`.
    #[serde(default, deserialize_with = "null::is_default")]
    #[cfg_attr(feature = "schema", schemars(extend("enum" = ["CHAT_STATUS_ACTIVE", "CHAT_STATUS_INACTIVE"])))]
    pub status: String,
    /// People whose messages are hidden.
    #[serde(default, deserialize_with = "null::list_beside")]
    pub blocked_users: Vec<User>,
    /// Messages at the top of the room.
    #[serde(default, deserialize_with = "null::list_beside")]
    pub pinned_messages: Vec<PinUnpin>,
    /// The poll that runs, if one does and can be read.
    #[serde(default, deserialize_with = "null::poll")]
    pub active_poll: Option<Poll>,
    /// The number of viewers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub viewer_info: Option<ViewerInfo>,
    /// Counters of the application's own.
    #[serde(default, deserialize_with = "null::list_beside")]
    pub custom_counters: Vec<CustomCounter>,
    /// The room's moderators by id and name; `chatroom serve` says it (docs/protocol.md, section I).
    #[serde(default, deserialize_with = "null::list_beside", skip_serializing_if = "Vec::is_empty")]
    pub admins: Vec<User>,
    /// When the room was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<Time>,
    /// When it last changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Time>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The number of viewers, as shown in the room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = crate::schema::needs("updated_at")))]
pub struct ViewerInfo {
    /// Whether the number is shown.
    #[serde(default)]
    pub enabled: bool,
    /// The number.
    #[serde(default, deserialize_with = "number::integer")]
    pub count: i64,
    /// Grows with each change; sorts as text.
    #[serde(default, deserialize_with = "number::digits")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]+$")))]
    pub version_number: String,
    /// When it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Time>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A counter of the application's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = crate::schema::needs("updated_at")))]
pub struct CustomCounter {
    /// The counter's key.
    pub key: String,
    /// Its value.
    #[serde(default, deserialize_with = "number::integer")]
    pub value: i64,
    /// Grows with each change; sorts as text.
    #[serde(default, deserialize_with = "number::digits")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = "^[0-9]+$")))]
    pub version_number: String,
    /// When it changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Time>,
    /// Whether it counts no more.
    #[serde(default)]
    pub disabled: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
