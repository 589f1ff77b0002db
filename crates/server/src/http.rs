//! The REST service (docs/protocol.md, section C), and the door to the gateway on the same port.
//!
//! - [`routes`]: the table of all calls, from which all else is made; [`route`]: a row; [`parameters`]: of its query
//! - [`router`]: finds the call, checks who may make it, runs it; [`openapi`]: describes it
//! - [`access`], [`auth`]: who may, and who asks; [`path`], [`query`], [`body`]: what they send; [`page_token`]
//! - [`call_rates`]: how many calls; [`answers`]: how many bytes of answers on their way
//! - [`error`]: refusals, all in one form; [`cors`]: for browsers
//! - [`rooms`], [`tokens`], [`config`], [`messages`], [`moderation`], [`users`], [`polls`]: the calls, one file for each
//!   family; [`acting`]: what those have in common by which somebody acts in a room
//! - [`bars`]: who may not come in; [`dictionaries`], [`stickers`], [`org_tokens`]: calls about what belongs to the organisation
//! - [`health`]: for those who watch the server

mod access;
mod acting;
pub(crate) mod answers;
mod auth;
mod bars;
mod body;
pub(crate) mod call_rates;
mod config;
mod cors;
pub(crate) mod dictionaries;
mod error;
pub(crate) mod health;
mod messages;
mod moderation;
mod openapi;
mod org_tokens;
mod page_token;
mod parameters;
mod path;
mod polls;
mod query;
pub(crate) mod request_log;
pub(crate) mod rooms;
mod route;
mod router;
mod routes;
mod stickers;
pub(crate) mod tokens;
mod users;

use std::{convert::Infallible, sync::Arc};

use axum::{
    Extension, Router,
    extract::{Request, State},
    http::StatusCode,
    middleware::map_request,
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get},
};
use chatroom_wire::rest::PREFIX;

pub(crate) use error::ApiError;

use crate::{gateway::upgrade, listen::Arrival, service::Service};

/// Every path of the server.
pub(crate) fn router(service: Arc<Service>) -> Router {
    let calls = router::router(routes::table())
        .route("/healthz", only(get(health::alive)))
        .route("/readyz", only(get(health::ready)))
        .route("/mqtt", only(get(mqtt)))
        .route("/", only(get(root)))
        .fallback(router::nothing_here)
        .with_state(service);
    // Whatever is put around a router runs after it has matched the path.
    Router::new().fallback_service(calls).layer(map_request(path::in_one_form))
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
    format!(
        "This is a chatroom server. Its REST API is at {PREFIX} and described at /openapi.json; MQTT over WebSocket is \
         at /mqtt.\n"
    )
    .into_response()
}
