//! Refusals, all in the form of a gRPC gateway (docs/protocol.md, section C.0).

use std::{borrow::Cow, time::Duration};

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use chatroom_wire::rest::{ErrorBody, ErrorDetail, TOKEN_INVALID};
use tracing::warn;

use crate::store::StoreError;

/// The gRPC code that shares its status with what can't be used.
const FAILED_PRECONDITION: i32 = 9;

/// A refusal of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    status: StatusCode,
    /// The gRPC code, where it is not the one that goes with the status.
    code: Option<i32>,
    message: Cow<'static, str>,
    /// Why, as a word for programs.
    reason: Option<&'static str>,
    retry_after: Option<Duration>,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code: None, message: message.into(), reason: None, retry_after: None }
    }

    /// What is sent can't be used.
    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// Nobody says who asks.
    pub(crate) fn unauthenticated() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "the header Authorization: Bearer <token> is missing")
    }

    /// The token is dead: a client refreshes it.
    pub(crate) fn token_invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self { reason: Some(TOKEN_INVALID), ..Self::new(StatusCode::UNAUTHORIZED, message) }
    }

    /// Who asks may not do this.
    pub(crate) fn forbidden(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, message)
    }

    pub(crate) fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// It is there already.
    pub(crate) fn exists(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, message)
    }

    /// It can't be done as things are now.
    pub(crate) fn precondition(message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: Some(FAILED_PRECONDITION), ..Self::new(StatusCode::BAD_REQUEST, message) }
    }

    /// There are as many as there may be.
    pub(crate) fn exhausted(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, message)
    }

    /// A fault of the server's own.
    pub(crate) fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// Not now.
    pub(crate) fn unavailable(message: impl Into<Cow<'static, str>>) -> Self {
        Self { retry_after: Some(Duration::from_secs(1)), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message) }
    }

    /// When to try again.
    pub(crate) fn retry_after(self, wait: Duration) -> Self {
        Self { retry_after: Some(wait), ..self }
    }

    /// The gRPC code.
    fn code(&self) -> i32 {
        if let Some(code) = self.code {
            return code;
        }
        match self.status {
            StatusCode::UNAUTHORIZED => 16,
            StatusCode::FORBIDDEN => 7,
            StatusCode::NOT_FOUND => 5,
            StatusCode::CONFLICT => 6,
            StatusCode::METHOD_NOT_ALLOWED => 12,
            StatusCode::TOO_MANY_REQUESTS => 8,
            StatusCode::INTERNAL_SERVER_ERROR => 13,
            StatusCode::SERVICE_UNAVAILABLE => 14,
            StatusCode::REQUEST_TIMEOUT => 4,
            _ => 3,
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if let StoreError::NoSuchRoom(_) = error {
            return Self::not_found("there is no such room");
        }
        warn!(%error, "the store can't answer a call");
        // A file that can't be written may be writable again: a disk that comes back, a full one that is emptied.
        if error.is_retryable() || matches!(error, StoreError::Io(_)) {
            Self::unavailable("the store can't be used now; try again")
        } else {
            Self::internal("the store failed")
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let details = self.reason.map(|reason| ErrorDetail {
            kind: "type.googleapis.com/google.rpc.ErrorInfo".to_owned(),
            reason: reason.to_owned(),
            domain: "chatroom".to_owned(),
            ..ErrorDetail::default()
        });
        let body =
            ErrorBody { code: self.code(), message: self.message.into_owned(), details: details.into_iter().collect() };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(wait) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
