//! `…/chatrooms`: rooms (docs/protocol.md, sections C.1 and C.8).

use std::sync::Arc;

use axum::{
    Json,
    body::Body as Incoming,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use chatroom_wire::{
    Chatroom, RoomId,
    rest::{ChatroomAnswer, CreateChatroom},
    safe_text,
};

use super::{ApiError, answers::Pieces, auth::Bearer, body::Body, tokens::new_uuid};
use crate::{
    Settings,
    service::Service,
    store::{NewRoom, StoreError},
};

/// How long the key of a counter may be, in bytes.
const KEY_MAX: usize = 128;

/// `POST /chatrooms`.
pub(super) async fn create(
    State(service): State<Arc<Service>>,
    Body(request): Body<CreateChatroom>,
) -> Result<Json<ChatroomAnswer>, ApiError> {
    check(&request, &service.settings).map_err(ApiError::invalid)?;
    let chatroom = make(&service, request).await?;
    Ok(Json(ChatroomAnswer { chatroom }))
}

/// `GET /chatrooms`: the room of the token, not a list. Never refused for its size: everybody needs it to join.
pub(super) async fn read(State(service): State<Arc<Service>>, Bearer(grant): Bearer) -> Result<Response, ApiError> {
    let room = service.room(&grant.room).state().await?;
    let body = Incoming::new(Pieces::new(room.pieces()));
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// What is wrong with a request for a room.
pub(crate) fn check(request: &CreateChatroom, settings: &Settings) -> Result<(), String> {
    let max = settings.counters_max;
    if request.custom_counters.len() > usize::try_from(max).unwrap_or(usize::MAX) {
        return Err(format!("custom_counters has more than {max} elements"));
    }
    for (index, counter) in request.custom_counters.iter().enumerate() {
        if safe_text::is_blank(&counter.key) || counter.key.len() > KEY_MAX || counter.key.contains(char::is_control) {
            return Err(format!(
                "custom_counters[{index}].key is empty, longer than {KEY_MAX} bytes, or holds control characters"
            ));
        }
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
