//! From an HTTP request to a WebSocket (RFC 6455, section 4.2).

use std::sync::Arc;

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hyper_util::rt::TokioIo;
use tokio::time::timeout;
use tracing::debug;

use super::connection;
use crate::{http::ApiError, listen::Arrival, service::Service, stop::Phase};

/// The only subprotocol (MQTT 5, section 6).
const SUBPROTOCOL: &str = "mqtt";

/// What the standard appends to a client's key.
const MAGIC: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Whether a request asks for a WebSocket.
pub(crate) fn is_wanted(headers: &HeaderMap) -> bool {
    has_token(headers, header::CONNECTION, "upgrade") && has_token(headers, header::UPGRADE, "websocket")
}

/// Answers such a request, and serves the client once it is upgraded.
pub(crate) fn accept(service: Arc<Service>, arrival: Arrival, mut request: Request) -> Response {
    if service.stop.phase() != Phase::Running {
        return ApiError::unavailable("the server is shutting down").into_response();
    }
    if let Err(full) = arrival.claim() {
        debug!(address = %arrival.address, %full, "an upgrade is refused");
        return ApiError::unavailable("there are as many connections from this address as there may be")
            .into_response();
    }
    let answer = answer(request.headers());
    if answer.status() == StatusCode::SWITCHING_PROTOCOLS {
        let upgrade = hyper::upgrade::on(&mut request);
        let (address, incoming) = (arrival.address, arrival.into_place());
        tokio::spawn(async move {
            match timeout(service.settings.connect_timeout, upgrade).await {
                // In a box, or the arguments would take their place twice for as long as the connection lives.
                Ok(Ok(upgraded)) => {
                    Box::pin(connection::serve(service, TokioIo::new(upgraded), address, incoming)).await;
                }
                Ok(Err(error)) => debug!(%error, "an upgrade failed"),
                Err(_) => debug!("an upgrade took too long"),
            }
        });
    }
    answer
}

/// The agreement, or why there is none.
pub(crate) fn answer(headers: &HeaderMap) -> Response {
    if !has_token(headers, header::SEC_WEBSOCKET_VERSION, "13") {
        let mut refusal =
            ApiError::new(StatusCode::UPGRADE_REQUIRED, "only version 13 of WebSocket is spoken").into_response();
        refusal.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        return refusal;
    }
    let Some(key) = headers.get(header::SEC_WEBSOCKET_KEY).map(|key| accept_key(key.as_bytes())) else {
        return ApiError::invalid("the header Sec-WebSocket-Key is missing").into_response();
    };
    let subprotocol = headers.contains_key(header::SEC_WEBSOCKET_PROTOCOL);
    if subprotocol && !has_token(headers, header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        return ApiError::invalid("only the subprotocol mqtt is spoken").into_response();
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_ACCEPT, key);
    if subprotocol {
        headers.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    }
    response
}

/// Whether one of a header's comma lists holds this word.
fn has_token(headers: &HeaderMap, name: header::HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|word| word.trim().eq_ignore_ascii_case(token))
}

fn accept_key(key: &[u8]) -> HeaderValue {
    let mut digest = ring::digest::Context::new(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY);
    digest.update(key);
    digest.update(MAGIC);
    HeaderValue::from_str(&STANDARD.encode(digest.finish())).expect("base64 is ASCII without controls")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_answered_as_in_the_standard() {
        assert_eq!(accept_key(b"dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn an_upgrade_is_known_in_any_case_and_among_other_words() {
        let mut headers = HeaderMap::new();
        assert!(!is_wanted(&headers));
        headers.insert(header::CONNECTION, HeaderValue::from_static("keep-alive, Upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("WebSocket"));
        assert!(is_wanted(&headers));
    }
}
