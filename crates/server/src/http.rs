//! The REST service (docs/protocol.md, section C), and the door to the gateway on the same port.
//!
//! - [`error`]: refusals, all in one form; [`auth`]: who asks; [`body`]: what they send
//! - [`rooms`], [`tokens`], [`config`], [`messages`]: the calls, one file for each family
//! - [`health`]: for those who watch the server

mod auth;
mod body;
mod config;
mod error;
mod health;
mod messages;
pub(crate) mod rooms;
pub(crate) mod tokens;

use std::{convert::Infallible, sync::Arc};

use axum::{
    Extension, Router,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get, post},
};
use chatroom_wire::rest::PREFIX;

pub(crate) use error::ApiError;

use crate::{gateway::upgrade, listen::Arrival, service::Service};

/// Every path of the server.
pub(crate) fn router(service: Arc<Service>) -> Router {
    let api = |path: &str| format!("{PREFIX}{path}");
    Router::new()
        .route(&api("/chatrooms"), only(get(rooms::read).post(rooms::create)))
        .route(&api("/chatrooms/{id}/tokens"), only(post(tokens::create)))
        .route(&api("/chatrooms/tokens:refresh"), only(post(tokens::refresh)))
        .route(&api("/chatrooms/config"), only(get(config::read)))
        .route(&api("/chatrooms/messages"), only(get(messages::read)))
        .route("/healthz", only(get(health::alive)))
        .route("/readyz", only(get(health::ready)))
        .route("/mqtt", only(get(mqtt)))
        .route("/", only(get(root)))
        .fallback(async || ApiError::not_found("there is nothing at this path"))
        .with_state(service)
}

/// Refuses other methods in the form of all refusals; axum adds which ones are allowed.
fn only(methods: MethodRouter<Arc<Service>, Infallible>) -> MethodRouter<Arc<Service>, Infallible> {
    methods.fallback(async || ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "this method is not known at this path"))
}

async fn mqtt(
    State(service): State<Arc<Service>>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
) -> Response {
    if upgrade::is_wanted(request.headers()) {
        return upgrade::accept(service, arrival, request);
    }
    ApiError::new(StatusCode::UPGRADE_REQUIRED, "this path speaks MQTT over WebSocket only").into_response()
}

async fn root(
    State(service): State<Arc<Service>>,
    Extension(arrival): Extension<Arrival>,
    request: Request,
) -> Response {
    if upgrade::is_wanted(request.headers()) {
        return upgrade::accept(service, arrival, request);
    }
    format!("This is a chatroom server. Its REST API is at {PREFIX}, MQTT over WebSocket at /mqtt.\n").into_response()
}
