//! Who asks.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use super::ApiError;
use crate::{service::Service, token::Grant};

/// The organisation asks: it may make rooms and chat tokens.
#[derive(Debug)]
pub(super) struct Organisation;

/// Somebody with a chat token asks.
#[derive(Debug)]
pub(super) struct Bearer(pub(super) Grant);

impl FromRequestParts<Arc<Service>> for Organisation {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, ApiError> {
        let token = bearer(parts)?;
        if service.keys.is_org_token(token) {
            return Ok(Self);
        }
        match service.keys.verify_chat(token, service.clock.now().wall) {
            Ok(_) => Err(ApiError::forbidden("this needs the organisation's token")),
            Err(_) => Err(ApiError::token_invalid("the token is not valid")),
        }
    }
}

impl FromRequestParts<Arc<Service>> for Bearer {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, service: &Arc<Service>) -> Result<Self, ApiError> {
        let token = bearer(parts)?;
        service.keys.verify_chat(token, service.clock.now().wall).map(Self).map_err(|error| {
            if service.keys.is_org_token(token) {
                ApiError::forbidden("this needs a chat token")
            } else {
                ApiError::token_invalid(error.to_string())
            }
        })
    }
}

fn bearer(parts: &Parts) -> Result<&str, ApiError> {
    let value = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let (scheme, token) = value.and_then(|value| value.trim().split_once(' ')).ok_or_else(ApiError::unauthenticated)?;
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(ApiError::unauthenticated());
    }
    Ok(token)
}
