//! For those who watch the server.

use std::{sync::Arc, time::Duration};

use axum::extract::State;
use tokio::{sync::Mutex, time::timeout};
use tracing::warn;

use super::ApiError;
use crate::{service::Service, stop::Phase};

/// How long an answer of the store holds.
const FRESH: Duration = Duration::from_secs(1);

/// How long the store may take for a write.
const PATIENCE: Duration = Duration::from_secs(3);

/// Whether the store could be written to, and when that was tried last. Who asks meanwhile waits for the same answer.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<(Duration, bool)>>);

impl Readiness {
    async fn is_writable(&self, service: &Service) -> bool {
        let mut last = self.0.lock().await;
        let now = service.clock.monotonic();
        if let Some((at, writable)) = *last
            && now < at + FRESH
        {
            return writable;
        }
        let written = timeout(PATIENCE, service.store.keep_clock(service.retention.record())).await;
        let writable = match written {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                warn!(%error, "the store can't be written to");
                false
            }
            Err(_) => {
                warn!("the store takes too long for a write");
                false
            }
        };
        *last = Some((service.clock.monotonic(), writable));
        writable
    }
}

/// `GET /healthz`: the process serves.
pub(super) async fn alive() -> &'static str {
    "ok\n"
}

/// `GET /readyz`: it takes clients, and its store takes a write.
pub(super) async fn ready(State(service): State<Arc<Service>>) -> Result<&'static str, ApiError> {
    if service.stop.phase() != Phase::Running {
        return Err(ApiError::unavailable("the server is shutting down"));
    }
    if !service.readiness.is_writable(&service).await {
        return Err(ApiError::unavailable("the store can't be written to"));
    }
    Ok("ready\n")
}
