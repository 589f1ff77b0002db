//! Bodies of the calls that make a room and show it (docs/protocol.md, section C.1).

use serde::{Deserialize, Serialize};

use crate::Chatroom;

/// `POST /chatrooms`: makes a room.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CreateChatroom {
    /// The counters the room has.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custom_counters: Vec<CounterKey>,
}

/// A counter to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CounterKey {
    /// Its key.
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub key: String,
}

/// The answer that carries a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChatroomAnswer {
    /// The room.
    pub chatroom: Chatroom,
}
