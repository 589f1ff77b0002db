//! What callers send.

use std::sync::Arc;

use axum::{
    body::to_bytes,
    extract::{FromRequest, Request},
    http::StatusCode,
};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::ApiError;
use crate::service::Service;

/// A JSON body, limited in size and time. No body at all counts as `{}`. Whatever the header says of its type.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<Service>> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, ApiError> {
        let limit = service.settings.body_max.bytes();
        let body = timeout(service.settings.connect_timeout, to_bytes(request.into_body(), limit))
            .await
            .map_err(|_| ApiError::new(StatusCode::REQUEST_TIMEOUT, "the body took too long"))?
            .map_err(|_| {
                let message = format!("the body can't be read, or is longer than {limit} bytes");
                ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message)
            })?;
        let json = if body.trim_ascii().is_empty() { b"{}".as_slice() } else { &body };
        // A list of the fields' values would do for a struct too.
        if !json.trim_ascii_start().starts_with(b"{") {
            return Err(ApiError::invalid("the body must be a JSON object"));
        }
        serde_json::from_slice(json).map(Self).map_err(|error| ApiError::invalid(explain(&error)))
    }
}

/// What is wrong, without the value that is: it may be a token in the wrong place.
fn explain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!("line {}, column {}", error.line(), error.column());
    match text.rsplit_once("expected ") {
        _ if !error.is_data() => format!("the body is no JSON ({place})"),
        Some((_, expected)) => format!("the body can't be used: expected {expected}"),
        None if text.starts_with("missing field") => format!("the body can't be used: {text}"),
        None => format!("the body can't be used ({place})"),
    }
}
