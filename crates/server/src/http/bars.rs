//! `…/chatrooms/{id}/users:bar`: an operator keeps somebody out of a room (docs/protocol.md, section I.11).

use std::sync::Arc;

use axum::{Json, extract::State};
use chatroom_wire::{
    RoomId, Time,
    rest::{BarAnswer, BarUser, BarredUser, BarredUsers},
};
use tracing::info;

use super::{ApiError, acting::check_id, body::Body, path::Id};
use crate::{bars, service::Service, store::Bar};

/// `POST /chatrooms/{id}/users:bar`. When it is answered, nothing of this person gets in any more.
pub(super) async fn bar(
    State(service): State<Arc<Service>>,
    Id(room): Id<RoomId>,
    Body(BarUser { user_id }): Body<BarUser>,
) -> Result<Json<BarAnswer>, ApiError> {
    let user = check_id("user_id", Some(user_id))?;
    let _turn = service.bars.turn().await;
    if service.bars.count(&room) >= bars::MAX && !service.bars.contains(&room, &user) {
        return Err(ApiError::exhausted(format!("{} users are barred from the room; that is the most", bars::MAX)));
    }
    let at = service.clock.now().wall;
    let changed = service.store.bar(&room, &user, at).await?;
    service.bars.insert(Bar { room: room.clone(), user: user.clone(), at });
    let ended = service.connections.bar(&room, &user);
    info!(%room, %user, ended, "a user is barred");
    Ok(Json(BarAnswer { changed }))
}

/// `POST /chatrooms/{id}/users:unbar`.
pub(super) async fn unbar(
    State(service): State<Arc<Service>>,
    Id(room): Id<RoomId>,
    Body(BarUser { user_id }): Body<BarUser>,
) -> Result<Json<BarAnswer>, ApiError> {
    let user = check_id("user_id", Some(user_id))?;
    let _turn = service.bars.turn().await;
    let changed = service.store.unbar(&room, &user).await?;
    service.bars.remove(&room, &user);
    info!(%room, %user, "a user is not barred any more");
    Ok(Json(BarAnswer { changed }))
}

/// `GET /chatrooms/{id}/barred-users`.
pub(super) async fn list(
    State(service): State<Arc<Service>>,
    Id(room): Id<RoomId>,
) -> Result<Json<BarredUsers>, ApiError> {
    if service.store.room(&room).await?.is_none() {
        return Err(ApiError::not_found("there is no such room"));
    }
    let bars = service.bars.of_room(&room).into_iter();
    let barred_users = bars.map(|(user_id, at)| BarredUser { user_id, barred_at: Time::nanoseconds(at) }).collect();
    Ok(Json(BarredUsers { barred_users }))
}
