//! Who acts in a room, and how what comes of it is answered.

use std::borrow::Borrow;

use axum::Json;
use chatroom_wire::{rest, rest::Role, safe_text};

use super::ApiError;
use crate::{
    room::act::{ActError, Deed, Done},
    rules::Author,
    service::Service,
    token::Grant,
};

/// What a call that only acts is answered with.
pub(super) type Answer = Result<Json<rest::Done>, ApiError>;

/// Does something in the name of the token's bearer. `name` is the one to be shown, as the call says it in `field`.
///
/// # Errors
/// When the name is too long, or it was not done.
pub(super) async fn act(
    service: &Service,
    grant: Grant,
    (field, name): (&str, &str),
    deed: Deed,
) -> Result<Done, ApiError> {
    let name = match check_name(service, field, name)? {
        "" => name_of(service, &grant).await?,
        name => name.to_owned(),
    };
    let room = service.room(&grant.room);
    let by = Author {
        id: grant.user,
        device_id: grant.device_id,
        name,
        is_admin: grant.role == Role::Admin,
        is_guest: grant.is_guest,
    };
    Ok(room.act(by, deed).await?)
}

/// The same for a call that is answered with `{}`.
///
/// # Errors
/// When the name is too long, or it was not done.
pub(super) async fn done(service: &Service, grant: Grant, name: (&str, &str), deed: Deed) -> Answer {
    act(service, grant, name, deed).await.map(|_| Json(rest::Done {}))
}

/// The name somebody goes by in the room of their token: the one they took there, else the token's.
///
/// # Errors
/// Those of the store.
pub(super) async fn name_of(service: &Service, grant: &Grant) -> Result<String, ApiError> {
    let taken = service.store.name_of(&grant.room, &grant.user).await?;
    Ok(taken.unwrap_or_else(|| grant.name.clone()))
}

/// A name without the white space around it; empty where nothing of it can be seen.
///
/// # Errors
/// When it is too long.
pub(super) fn check_name<'a>(service: &Service, field: &str, name: &'a str) -> Result<&'a str, ApiError> {
    let (name, max) = (name.trim(), service.settings.name_max);
    if name.chars().count() > usize::try_from(max).unwrap_or(usize::MAX) {
        return Err(ApiError::invalid(format!("{field} is longer than {max} characters")));
    }
    Ok(if safe_text::is_blank(name) { "" } else { name })
}

/// The longest id that is looked at, in bytes.
pub(super) const ID_MAX: usize = 128;

/// An id that a body names.
///
/// # Errors
/// When it is missing, or can't be one.
pub(super) fn check_id<T: Borrow<str>>(field: &str, id: Option<T>) -> Result<T, ApiError> {
    let id = id.filter(|id| !id.borrow().is_empty()).ok_or_else(|| ApiError::invalid(format!("{field} is missing")))?;
    if id.borrow().len() > ID_MAX {
        return Err(ApiError::invalid(format!("{field} is longer than {ID_MAX} bytes")));
    }
    Ok(id)
}

impl From<ActError> for ApiError {
    fn from(error: ActError) -> Self {
        match error {
            ActError::NotFound(message) => Self::not_found(message),
            ActError::Invalid(message) => Self::invalid(message),
            ActError::Precondition(message) => Self::precondition(message),
            ActError::Exhausted(message) => Self::exhausted(message),
            ActError::Store(error) => error.into(),
            ActError::Stopped => Self::unavailable("the room can't be used now; try again"),
        }
    }
}
