//! Bodies of the calls about stickers (docs/protocol.md, section C.6).

use serde::{Deserialize, Serialize};

use crate::{
    null,
    sticker::{Sticker, StickerPack},
};

/// The answer of `GET /chatrooms/stickerpacks` and `GET /stickerpacks`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StickerPacks {
    /// The packs; for a room those that it uses.
    #[serde(default, deserialize_with = "null::list")]
    pub sticker_packs: Vec<StickerPack>,
}

/// The answer of `GET /chatrooms/stickerpacks/{id}` and `GET /stickerpacks/{id}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct StickerPackAnswer {
    /// The pack.
    pub sticker_pack: StickerPack,
    /// What is in it.
    #[serde(default, deserialize_with = "null::list_beside")]
    pub stickers: Vec<Sticker>,
}

/// A pack and whether a room uses it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomStickerPack {
    /// The pack.
    pub sticker_pack: StickerPack,
    /// Whether the room uses it.
    #[serde(default)]
    pub enabled: bool,
}

/// The answer of `POST /chatrooms/stickerpacks:admin-list`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoomStickerPacks {
    /// All packs.
    #[serde(default, deserialize_with = "null::list")]
    pub results: Vec<RoomStickerPack>,
}

/// `PUT /chatrooms/stickerpacks/{id}`; answered with a [`RoomStickerPack`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct EnableStickerPack {
    /// Whether the room is to use it.
    pub enabled: bool,
}
