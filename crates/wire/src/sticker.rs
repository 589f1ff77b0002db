//! Stickers and their packs (docs/protocol.md, section C.6; the shapes are ours, section I).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{StickerId, StickerPackId, null};

/// A pack of stickers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StickerPack {
    /// The pack's id.
    pub id: StickerPackId,
    /// Its name.
    #[serde(default, deserialize_with = "null::is_default")]
    pub name: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// A sticker of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sticker {
    /// The sticker's id within its pack.
    pub id: StickerId,
    /// Its name.
    #[serde(default, deserialize_with = "null::is_default")]
    pub name: String,
    /// What stands for it where no picture can be shown; an emoji as a rule.
    #[serde(default, deserialize_with = "null::is_default")]
    pub text: String,
    /// Its picture: a URL, `data:` for a built-in one.
    #[serde(default, deserialize_with = "null::is_default")]
    pub image_url: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What the message STICKER carries. A client names the pack and the sticker; the server writes the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StickerMessage {
    /// The pack.
    pub sticker_pack_id: StickerPackId,
    /// The sticker.
    pub id: StickerId,
    /// What stands for it where no picture can be shown.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}
