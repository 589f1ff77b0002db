//! Bodies of the calls by which a room is moderated (docs/protocol.md, sections C.2 and C.3).

use serde::{Deserialize, Serialize};

use crate::{MessageId, User, payload::PinnedMessage};

/// Who acts, as far as a call says it: the name. All else is taken from the token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ActionTaker {
    /// The name shown to others; an empty one means the token's.
    #[serde(default, deserialize_with = "crate::null::is_default")]
    pub custom_name: String,
}

impl ActionTaker {
    /// Somebody of this name.
    pub fn named(custom_name: impl Into<String>) -> Self {
        Self { custom_name: custom_name.into() }
    }
}

/// `POST /chatrooms:mute` and `:unmute`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Mute {
    /// Who acts.
    #[serde(default)]
    pub action_taker: ActionTaker,
}

/// `POST /chatrooms/messages:pin`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Pin {
    /// What is to be pinned, and by whom.
    pub pinned_message: PinBody,
}

/// The inside of [`Pin`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PinBody {
    /// The message. A service may want its text and its sender; `chatroom serve` takes both from its own log.
    pub message: PinnedMessage,
    /// Who acts.
    #[serde(default)]
    pub action_taker: ActionTaker,
}

/// `POST /chatrooms/messages:unpin`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unpin {
    /// What is to be unpinned, and by whom.
    pub unpinned_message: UnpinBody,
}

/// The inside of [`Unpin`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct UnpinBody {
    /// The message.
    pub message: MessageRef,
    /// Who acts.
    #[serde(default)]
    pub action_taker: ActionTaker,
}

/// A message by its id alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessageRef {
    /// The message's id.
    pub id: MessageId,
}

/// `POST /chatrooms/users:block`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Block {
    /// Who is to be blocked; its `action_taker` is who acts.
    #[cfg_attr(feature = "schema", schemars(extend("required" = ["id"])))]
    pub blocked_user: User,
}

/// `POST /chatrooms/users:unblock`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unblock {
    /// Who is to be unblocked; its `action_taker` is who acts.
    #[cfg_attr(feature = "schema", schemars(extend("required" = ["id"])))]
    pub unblocked_user: User,
}

/// `PUT /chatrooms/users`: the caller's own name in the room from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rename {
    /// The name.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"\S")))]
    pub custom_name: String,
}

/// `PUT /chatrooms/viewer-infos`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SetViewerInfo {
    /// Whether the number of viewers is shown.
    pub viewer_info: ViewerInfoSwitch,
    /// Who acts.
    #[serde(default)]
    pub action_taker: ActionTaker,
}

/// The inside of [`SetViewerInfo`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ViewerInfoSwitch {
    /// Whether the number of viewers is shown.
    pub enabled: bool,
}

/// The answer of a call that only acts: `{}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Done {}
