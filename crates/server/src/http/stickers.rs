//! `…/stickerpacks`: packs of stickers, and which ones a room uses (docs/protocol.md, section C.6).

use std::sync::Arc;

use axum::{Json, extract::State};
use chatroom_wire::{
    StickerPackId,
    rest::{EnableStickerPack, Role, RoomStickerPack, RoomStickerPacks, StickerPackAnswer, StickerPacks},
};

use super::{
    ApiError, acting,
    auth::{Admin, Bearer},
    body::Body,
    path::Id,
};
use crate::{room::act::Deed, service::Service, stickers, store::RoomRecord, token::Grant};

/// What a call about stickers says of who acts: nothing.
const NOBODY: (&str, &str) = ("", "");

/// `GET /stickerpacks`: all of them.
pub(super) async fn list() -> Json<StickerPacks> {
    Json(StickerPacks { sticker_packs: stickers::packs() })
}

/// `GET /stickerpacks/{id}`.
pub(super) async fn read(Id(id): Id<StickerPackId>) -> Result<Json<StickerPackAnswer>, ApiError> {
    stickers::pack(&id).map(Json).ok_or_else(no_pack)
}

/// `GET /chatrooms/stickerpacks`: those that the room uses.
pub(super) async fn list_in_room(
    State(service): State<Arc<Service>>,
    Bearer(grant): Bearer,
) -> Result<Json<StickerPacks>, ApiError> {
    let room = room(&service, &grant).await?;
    let mut sticker_packs = stickers::packs();
    sticker_packs.retain(|pack| uses(&room, &pack.id));
    Ok(Json(StickerPacks { sticker_packs }))
}

/// `GET /chatrooms/stickerpacks/{id}`: to viewers, one that the room does not use is not there.
pub(super) async fn read_in_room(
    State(service): State<Arc<Service>>,
    Bearer(grant): Bearer,
    Id(id): Id<StickerPackId>,
) -> Result<Json<StickerPackAnswer>, ApiError> {
    let pack = stickers::pack(&id).ok_or_else(no_pack)?;
    if grant.role == Role::Viewer && !uses(&room(&service, &grant).await?, &id) {
        return Err(no_pack());
    }
    Ok(Json(pack))
}

/// `POST /chatrooms/stickerpacks:admin-list`: all of them, and whether the room uses each.
pub(super) async fn admin_list(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
) -> Result<Json<RoomStickerPacks>, ApiError> {
    let room = room(&service, &grant).await?;
    let results = stickers::packs().into_iter().map(|sticker_pack| {
        let enabled = uses(&room, &sticker_pack.id);
        RoomStickerPack { sticker_pack, enabled }
    });
    Ok(Json(RoomStickerPacks { results: results.collect() }))
}

/// `PUT /chatrooms/stickerpacks/{id}`.
pub(super) async fn enable(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    Id(id): Id<StickerPackId>,
    Body(EnableStickerPack { enabled }): Body<EnableStickerPack>,
) -> Result<Json<RoomStickerPack>, ApiError> {
    let sticker_pack = stickers::pack(&id).ok_or_else(no_pack)?.sticker_pack;
    acting::act(&service, grant, NOBODY, Deed::UseStickerPack(id, enabled)).await?;
    Ok(Json(RoomStickerPack { sticker_pack, enabled }))
}

async fn room(service: &Service, grant: &Grant) -> Result<RoomRecord, ApiError> {
    service.store.room(&grant.room).await?.ok_or_else(|| ApiError::not_found("there is no such room"))
}

fn uses(room: &RoomRecord, pack: &StickerPackId) -> bool {
    room.sticker_packs.get(pack).copied().unwrap_or_else(|| stickers::is_on_by_default(pack))
}

fn no_pack() -> ApiError {
    ApiError::not_found("there is no such pack of stickers")
}
