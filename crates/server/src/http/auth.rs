//! Who asks. The table of routes decides what for, before a handler is called; what is here hands a handler the caller.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use chatroom_wire::rest::Role;
use jiff::Timestamp;

use super::{
    ApiError,
    access::{Callers, TokenKind, needs},
};
use crate::{
    bars::BARRED,
    service::Service,
    token::{Grant, TokenError, TokenKeys},
};

/// Who shows which token.
#[derive(Debug, Clone)]
pub(crate) enum Caller {
    /// The organisation.
    Organisation,
    /// Somebody in a room.
    Chat(Box<Grant>),
    /// Somebody who writes the word filter.
    Dictionary,
    /// Somebody who sees all packs of stickers.
    Sticker,
}

impl Caller {
    /// What this caller holds.
    pub(crate) fn kind(&self) -> TokenKind {
        match self {
            Self::Organisation => TokenKind::Organisation,
            Self::Chat(grant) => match grant.role {
                Role::Viewer => TokenKind::Viewer,
                Role::Admin => TokenKind::Admin,
            },
            Self::Dictionary => TokenKind::Dictionary,
            Self::Sticker => TokenKind::Sticker,
        }
    }

    fn grant(&self) -> Option<&Grant> {
        match self {
            Self::Chat(grant) => Some(grant),
            Self::Organisation | Self::Dictionary | Self::Sticker => None,
        }
    }
}

/// The caller of a request, if it is one of `callers`.
///
/// # Errors
/// 401 where nobody says who asks, or the token is dead or not known; 403 where it is good for other things.
pub(crate) fn authorize(service: &Service, headers: &HeaderMap, callers: Callers) -> Result<Caller, ApiError> {
    let caller = caller(&service.keys, bearer(headers)?, service.clock.now().wall)
        .map_err(|error| ApiError::token_invalid(error.to_string()))?;
    if let Some(grant) = caller.grant()
        && service.bars.contains(&grant.room, &grant.user)
    {
        return Err(ApiError::forbidden(BARRED));
    }
    if callers.contains(&caller.kind()) { Ok(caller) } else { Err(ApiError::forbidden(needs(callers))) }
}

/// What a token is. Refresh tokens and connection tokens are none that can be shown here.
fn caller(keys: &TokenKeys, token: &str, now: Timestamp) -> Result<Caller, TokenError> {
    if keys.is_org_token(token) {
        return Ok(Caller::Organisation);
    }
    let chat = keys.verify_chat(token, now).map(|grant| Caller::Chat(Box::new(grant)));
    let other = |result: Result<Caller, TokenError>, next: Result<Caller, TokenError>| match result {
        Err(TokenError::WrongType) => next,
        known => known,
    };
    let dictionary = other(chat, keys.verify_dictionary(token, now).map(|_| Caller::Dictionary));
    other(dictionary, keys.verify_sticker(token, now).map(|_| Caller::Sticker))
}

/// The token that a request shows.
///
/// # Errors
/// 401 where it shows none.
pub(super) fn bearer(headers: &HeaderMap) -> Result<&str, ApiError> {
    let value = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) = value.and_then(|value| value.trim().split_once(' ')).ok_or_else(ApiError::unauthenticated)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(ApiError::unauthenticated());
    }
    Ok(token)
}

/// Somebody with a chat token asks.
#[derive(Debug)]
pub(crate) struct Bearer(pub(crate) Grant);

/// An admin of a room asks.
#[derive(Debug)]
pub(crate) struct Admin(pub(crate) Grant);

impl FromRequestParts<Arc<Service>> for Bearer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Service>) -> Result<Self, ApiError> {
        let grant = parts.extensions.get::<Caller>().and_then(Caller::grant);
        grant.cloned().map(Self).ok_or_else(|| ApiError::forbidden("this needs a chat token"))
    }
}

impl FromRequestParts<Arc<Service>> for Admin {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, ApiError> {
        let Bearer(grant) = Bearer::from_request_parts(parts, service).await?;
        match grant.role {
            Role::Admin => Ok(Self(grant)),
            Role::Viewer => Err(ApiError::forbidden(needs(super::access::ADMIN))),
        }
    }
}
