//! What admins do in a room (docs/protocol.md, sections C.2 and C.3).

use std::sync::Arc;

use axum::extract::State;
use chatroom_wire::{
    User, UserId,
    rest::{Block, Mute, Pin, SetViewerInfo, Unblock, Unpin},
};

use super::{
    ApiError,
    acting::{self, Answer, ID_MAX, check_id, check_name},
    auth::Admin,
    body::Body,
};
use crate::{room::act::Deed, service::Service, token::Grant};

/// `POST /chatrooms:mute`.
pub(super) async fn mute(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    Body(Mute { action_taker }): Body<Mute>,
) -> Answer {
    let name = ("action_taker.custom_name", action_taker.custom_name.as_str());
    acting::done(&service, grant, name, Deed::Mute(true)).await
}

/// `POST /chatrooms:unmute`.
pub(super) async fn unmute(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    Body(Mute { action_taker }): Body<Mute>,
) -> Answer {
    let name = ("action_taker.custom_name", action_taker.custom_name.as_str());
    acting::done(&service, grant, name, Deed::Mute(false)).await
}

/// `PUT /chatrooms/viewer-infos`.
pub(super) async fn show_viewers(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    Body(SetViewerInfo { viewer_info, action_taker }): Body<SetViewerInfo>,
) -> Answer {
    let name = ("action_taker.custom_name", action_taker.custom_name.as_str());
    acting::done(&service, grant, name, Deed::ShowViewers(viewer_info.enabled)).await
}

/// `POST /chatrooms/messages:pin`. What else the body says of the message is taken from the room's own log.
pub(super) async fn pin(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    Body(Pin { pinned_message }): Body<Pin>,
) -> Answer {
    let name = ("pinned_message.action_taker.custom_name", pinned_message.action_taker.custom_name.as_str());
    let id = check_id("pinned_message.message.id", pinned_message.message.id)?;
    acting::done(&service, grant, name, Deed::Pin(id)).await
}

/// `POST /chatrooms/messages:unpin`.
pub(super) async fn unpin(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    Body(Unpin { unpinned_message }): Body<Unpin>,
) -> Answer {
    let name = ("unpinned_message.action_taker.custom_name", unpinned_message.action_taker.custom_name.as_str());
    let id = check_id("unpinned_message.message.id", Some(unpinned_message.message.id))?;
    acting::done(&service, grant, name, Deed::Unpin(id)).await
}

/// `POST /chatrooms/users:block`.
pub(super) async fn block(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    Body(Block { blocked_user: user }): Body<Block>,
) -> Answer {
    let id = other_user(&grant, "blocked_user.id", user.id)?;
    let custom_name = check_name(&service, "blocked_user.custom_name", &user.custom_name)?.to_owned();
    let device_id = user.device_id.filter(|id| !id.is_empty());
    if device_id.as_ref().is_some_and(|id| id.len() > ID_MAX || id.contains(char::is_control)) {
        return Err(ApiError::invalid(format!(
            "blocked_user.device_id is longer than {ID_MAX} bytes or holds control characters"
        )));
    }
    let name = user.action_taker.map(|taker| taker.custom_name).unwrap_or_default();
    let user = User { id: Some(id), device_id, ..User::named(custom_name) };
    acting::done(&service, grant, ("blocked_user.action_taker.custom_name", &name), Deed::Block(user)).await
}

/// `POST /chatrooms/users:unblock`.
pub(super) async fn unblock(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    Body(Unblock { unblocked_user: user }): Body<Unblock>,
) -> Answer {
    let id = check_id("unblocked_user.id", user.id)?;
    let name = user.action_taker.map(|taker| taker.custom_name).unwrap_or_default();
    acting::done(&service, grant, ("unblocked_user.action_taker.custom_name", &name), Deed::Unblock(id)).await
}

fn other_user(grant: &Grant, field: &str, id: Option<UserId>) -> Result<UserId, ApiError> {
    let id = check_id(field, id)?;
    if id == grant.user {
        return Err(ApiError::invalid(format!("{field} is the caller's own")));
    }
    Ok(id)
}
