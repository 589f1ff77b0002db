//! `…/chatrooms`: rooms (docs/protocol.md, sections C.1 and C.8).

use std::sync::Arc;

use axum::{Json, extract::State};
use chatroom_wire::{
    Chatroom, RoomId,
    rest::{ChatroomAnswer, CreateChatroom},
};

use super::{
    ApiError,
    auth::{Bearer, Organisation},
    body::Body,
    tokens::new_uuid,
};
use crate::{
    service::Service,
    store::{NewRoom, StoreError},
};

/// How many counters a room may have, and how long a key may be, in bytes.
const COUNTERS_MAX: usize = 100;
const KEY_MAX: usize = 128;

/// `POST /chatrooms`.
pub(super) async fn create(
    State(service): State<Arc<Service>>,
    _: Organisation,
    Body(request): Body<CreateChatroom>,
) -> Result<Json<ChatroomAnswer>, ApiError> {
    check(&request).map_err(ApiError::invalid)?;
    let chatroom = make(&service, request).await?;
    Ok(Json(ChatroomAnswer { chatroom }))
}

/// `GET /chatrooms`: the room of the token, not a list.
pub(super) async fn read(
    State(service): State<Arc<Service>>,
    Bearer(grant): Bearer,
) -> Result<Json<ChatroomAnswer>, ApiError> {
    let room = service.store.room(&grant.room).await?;
    let chatroom = room.ok_or_else(|| ApiError::not_found("there is no such room"))?.into();
    Ok(Json(ChatroomAnswer { chatroom }))
}

/// What is wrong with a request for a room.
pub(crate) fn check(request: &CreateChatroom) -> Result<(), String> {
    if request.custom_counters.len() > COUNTERS_MAX {
        return Err(format!("custom_counters has more than {COUNTERS_MAX} elements"));
    }
    if request.custom_counters.iter().any(|counter| counter.key.is_empty() || counter.key.len() > KEY_MAX) {
        return Err(format!("a key of custom_counters is empty or longer than {KEY_MAX} bytes"));
    }
    Ok(())
}

/// Makes a room.
pub(crate) async fn make(service: &Service, request: CreateChatroom) -> Result<Chatroom, StoreError> {
    let room = NewRoom {
        id: RoomId::from(new_uuid()),
        custom_counters: request.custom_counters.into_iter().map(|counter| counter.key).collect(),
        created_at: service.clock.now().wall,
    };
    Ok(service.store.create_room(room).await?.into())
}
