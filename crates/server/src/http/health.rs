//! For those who watch the server.

use std::sync::Arc;

use axum::extract::State;

use super::ApiError;
use crate::{service::Service, stop::Phase};

/// `GET /healthz`: the process serves.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: it takes clients, and its store answers.
pub(super) async fn ready(State(service): State<Arc<Service>>) -> Result<&'static str, ApiError> {
    if service.stop.phase() != Phase::Running {
        return Err(ApiError::unavailable("the server is shutting down"));
    }
    service.store.ping().await?;
    Ok("ready\n")
}
