//! What a message carries, by its type (docs/protocol.md, section D.1).
//!
//! The vendor's payloads of polls and stickers are not known: ours are typed, and what does not read as one stays among
//! the message's unknown fields, as it came.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    MessageId, RawJson, Time, User, UserId,
    chatroom::{CustomCounter, ViewerInfo},
    number,
    poll::{PollMessage, Vote},
    sticker::StickerMessage,
};

/// The payload of a message, one variant for each type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Payload {
    /// Something said.
    Text(TextMessage),
    /// Viewers may not write for now.
    Mute,
    /// Viewers may write again.
    Unmute,
    /// A message was pinned.
    PinMessage(PinUnpin),
    /// A message was unpinned.
    UnpinMessage(PinUnpin),
    /// A message was deleted.
    DeleteMessage(DeleteMessage),
    /// A person's messages are hidden from now on.
    BlockUser(User),
    /// A person's messages are shown again.
    UnblockUser(User),
    /// A poll takes votes.
    PollStarted(Option<PollMessage>),
    /// A poll takes no more votes.
    PollClosed(Option<PollMessage>),
    /// A poll was put away.
    PollArchived(Option<PollMessage>),
    /// A poll's votes changed.
    PollUpdate(Option<PollMessage>),
    /// Somebody voted.
    PollUserVote(Option<Vote>),
    /// A sticker.
    Sticker(Option<StickerMessage>),
    /// The number of viewers is shown from now on.
    ViewerInfoEnabled(Option<ViewerInfo>),
    /// The number of viewers is hidden from now on.
    ViewerInfoDisabled(Option<ViewerInfo>),
    /// The number of viewers changed.
    ViewerInfoUpdate(Option<ViewerInfo>),
    /// A message of the application's own, or a press of a counter.
    Custom(CustomMessage),
    /// Somebody came in.
    Entrance(Entrance),
    /// A counter has a new value.
    CustomCounterUpdate(CustomCounter),
    /// The room's numbers.
    BroadcastUpdate(BroadcastMessage),
    /// A type that this version does not know, as it stood in `type`.
    Unknown(RawJson),
}

/// What somebody said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TextMessage {
    /// The text.
    pub text: String,
    /// Whether the word filter matched: clients hide such a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filtered: Option<bool>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A pinned or unpinned message, and who did it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PinUnpin {
    /// The message.
    pub message: PinnedMessage,
    /// Who pinned or unpinned it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_taker: Option<User>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The message inside of a [`PinUnpin`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = crate::schema::needs("id")))]
pub struct PinnedMessage {
    /// The message's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<MessageId>,
    /// Its text.
    #[serde(default)]
    pub text: String,
    /// Who wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<User>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Which message was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeleteMessage {
    /// The message's id.
    pub id: MessageId,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A message of the application's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CustomMessage {
    /// A free string; for a batch of presses it holds a JSON array (docs/protocol.md, section A.5).
    #[serde(default)]
    pub value: String,
    /// By how much which counter goes up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incr: Option<Increment>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A press, or a batch of presses, of a counter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Increment {
    /// The counter's key.
    pub key: String,
    /// How many presses.
    #[serde(deserialize_with = "number::integer")]
    pub value: i64,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Who came in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entrance {
    /// The person's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<UserId>,
    /// The device the person uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_id: Option<String>,
    /// The name shown to others.
    #[serde(default)]
    pub custom_name: String,
    /// Whether the person moderates the room.
    #[serde(default)]
    pub is_admin: bool,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// The room's numbers, sent while they change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct BroadcastMessage {
    /// How many viewers.
    #[serde(default)]
    pub viewer_metrics: ViewerMetrics,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Viewers now, and viewers in all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ViewerMetrics {
    /// Who is connected now.
    #[serde(default)]
    pub concurrent: Metric,
    /// Who has been connected since the room began.
    #[serde(default)]
    pub total: Metric,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A number, and since when it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Metric {
    /// The number.
    #[serde(default, deserialize_with = "number::integer")]
    pub count: i64,
    /// Since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Time>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
