//! What callers send.

use std::{future::poll_fn, pin::Pin, sync::Arc, time::Duration};

use axum::{
    body::{Body as Incoming, HttpBody as _},
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header},
};
use bytes::Bytes;
use chatroom_wire::body;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::time::timeout;

use super::{ApiError, auth::Caller};
use crate::service::Service;

/// The largest body of a call without a token in its head: one with a token of 8 KiB, and some.
const UNKNOWN_MAX: usize = 10 * 1024;

/// How much of a body is read for nothing. A client that still writes when the connection is closed loses the answer.
const THROWN_AWAY_MAX: usize = 4 << 20;

/// How long that may take.
const THROWING_AWAY: Duration = Duration::from_secs(2);

/// A JSON body, limited in size and time. No body at all counts as `{}`.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned + Serialize> FromRequest<Arc<Service>> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, service: &Arc<Service>) -> Result<Self, ApiError> {
        let settings = &service.settings;
        let limit = match request.extensions().get::<Caller>() {
            Some(_) => settings.body_max.bytes(),
            None => settings.body_max.bytes().min(UNKNOWN_MAX),
        };
        let body = bytes(request, &JSON, limit, settings.connect_timeout).await?;
        parse(&body).map(Self)
    }
}

/// The content types that a call takes.
#[derive(Debug)]
pub(super) struct MediaType {
    /// The one that a refusal names.
    pub(super) name: &'static str,
    pub(super) accepts: fn(&str) -> bool,
}

const JSON: MediaType = MediaType { name: "application/json", accepts: is_json };

/// Reads a body of at most `limit` bytes that is, if its type is given, of `media_type`.
///
/// # Errors
/// 415 for another type or an encoded body, 413 for a body that is too long, 408 for one that takes too long.
pub(super) async fn bytes(
    request: Request,
    media_type: &MediaType,
    limit: usize,
    patience: Duration,
) -> Result<Vec<u8>, ApiError> {
    if !request.body().is_end_stream() && !said_type(request.headers()).is_none_or(media_type.accepts) {
        throw_away(request).await;
        let message = format!("the Content-Type of the body must be {}", media_type.name);
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    if let Some(encoding) = encoding(request.headers()) {
        throw_away(request).await;
        let message = format!("the body must be sent without a Content-Encoding (it says {encoding})");
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
    }
    let mut body = request.into_body();
    let read = timeout(patience, read(&mut body, limit)).await;
    match read.map_err(|_| ApiError::new(StatusCode::REQUEST_TIMEOUT, "the body took too long"))? {
        Ok(bytes) => Ok(bytes),
        Err(Unread::Broken) => Err(ApiError::invalid("the body can't be read to its end")),
        Err(Unread::TooLong) => {
            finish(body).await;
            let message = format!("the body is longer than {limit} bytes");
            Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, message))
        }
    }
}

/// Reads the body of a request that is refused, so that its client gets to read why.
pub(super) async fn throw_away(request: Request) {
    // Who asks before it sends a body is answered instead.
    if !request.headers().contains_key(header::EXPECT) {
        finish(request.into_body()).await;
    }
}

async fn finish(mut body: Incoming) {
    let all = async {
        let mut left = THROWN_AWAY_MAX;
        while let Ok(Some(data)) = next(&mut body).await {
            match left.checked_sub(data.len()) {
                Some(rest) => left = rest,
                None => break,
            }
        }
    };
    // Whether all of it came makes no difference.
    let _ = timeout(THROWING_AWAY, all).await;
}

enum Unread {
    Broken,
    TooLong,
}

async fn read(body: &mut Incoming, limit: usize) -> Result<Vec<u8>, Unread> {
    if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
        return Err(Unread::TooLong);
    }
    let mut bytes = Vec::new();
    while let Some(data) = next(body).await? {
        if bytes.len() + data.len() > limit {
            return Err(Unread::TooLong);
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// The next piece of a body; none at its end.
async fn next(body: &mut Incoming) -> Result<Option<Bytes>, Unread> {
    loop {
        match poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await {
            None => return Ok(None),
            Some(Err(_)) => return Err(Unread::Broken),
            Some(Ok(frame)) => {
                // Trailers say nothing here.
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

fn parse<T: DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<T, ApiError> {
    let text = str::from_utf8(bytes).map_err(|_| ApiError::invalid("the body is not UTF-8"))?;
    let text = match text.trim_start_matches('\u{feff}').trim_ascii() {
        "" => "{}",
        text => text,
    };
    if !text.starts_with('{') {
        return Err(ApiError::invalid("the body must be a JSON object"));
    }
    let value = body::read(text.as_bytes()).map_err(|error| ApiError::invalid(error.to_string()))?;
    // Fields that are not known are skipped over above, and that looks less closely.
    let sent = serde_json::from_str(text)
        .map_err(|_| ApiError::invalid("the body is nested too deeply, or holds a number or a text that is none"))?;
    match serde_json::to_value(&value).ok().and_then(|read| list_for_object(&sent, &read)) {
        Some(path) => Err(ApiError::invalid(format!("{path} can't be used: expected an object"))),
        None => Ok(value),
    }
}

/// The path of the first list where an object is wanted: a list of the fields' values would do for a struct.
fn list_for_object(sent: &Value, read: &Value) -> Option<String> {
    let below = |(at, sent, read): (String, &Value, &Value)| match (sent, read) {
        (Value::Array(_), Value::Object(_)) => Some(at),
        _ => list_for_object(sent, read).map(|path| format!("{at}.{path}")),
    };
    match (sent, read) {
        (Value::Object(sent), Value::Object(read)) => {
            sent.iter().find_map(|(name, sent)| below((name.clone(), sent, read.get(name)?)))
        }
        (Value::Array(sent), Value::Array(read)) => {
            sent.iter().zip(read).enumerate().find_map(|(index, (sent, read))| below((index.to_string(), sent, read)))
        }
        _ => None,
    }
}

/// The encodings of the body, made safe to show; none where there is none, or `identity` alone.
fn encoding(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(header::CONTENT_ENCODING).iter();
    let values: Vec<_> = values.map(|value| value.to_str().unwrap_or("?").trim()).collect();
    let is_plain = |name: &str| name.trim().is_empty() || name.trim().eq_ignore_ascii_case("identity");
    let is_encoded = values.iter().any(|value| !value.split(',').all(is_plain));
    is_encoded.then(|| values.join(", ").chars().take(64).collect())
}

fn said_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE).map(|value| value.to_str().unwrap_or("?"))
}

/// Whether a type is JSON, or one of those that are written in it.
pub(super) fn is_json(kind: &str) -> bool {
    let name = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    name == "application/json" || (name.starts_with("application/") && name.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use chatroom_wire::rest::{CreateChatroom, Pin};

    use super::*;

    #[test]
    fn a_list_does_not_stand_for_an_object() {
        let pin = br#"{"pinned_message":{"message":{"id":"m"},"action_taker":["Ada"]}}"#;
        let error = parse::<Pin>(pin).unwrap_err();
        assert!(format!("{error:?}").contains("pinned_message.action_taker can't be used: expected an object"));
        let error = parse::<CreateChatroom>(br#"{"custom_counters":[{"key":"a"},["b"]]}"#).unwrap_err();
        assert!(format!("{error:?}").contains("custom_counters.1 can't be used"));
        assert!(parse::<CreateChatroom>(br#"{"custom_counters":[{"key":"a"}],"unknown":[1]}"#).is_ok());
    }

    #[test]
    fn no_body_at_all_is_an_empty_object() {
        for body in ["", " \n", "\u{feff}", "{}"] {
            assert!(parse::<CreateChatroom>(body.as_bytes()).is_ok(), "{body:?}");
        }
    }

    #[test]
    fn what_is_no_json_for_every_reader_is_none_in_a_field_that_is_not_known_either() {
        let deep = format!(r#"{{"unknown":{}{}}}"#, "[".repeat(10_000), "]".repeat(10_000));
        for body in [&deep, r#"{"unknown":"\ud800"}"#, r#"{"unknown":1e999}"#, r#"{"unknown":01}"#, "{} {}"] {
            assert!(parse::<CreateChatroom>(body.as_bytes()).is_err());
        }
    }

    #[test]
    fn names_the_encoding_of_an_encoded_body() {
        let headers = |values: &[&'static str]| {
            let name = |value: &&'static str| (header::CONTENT_ENCODING, axum::http::HeaderValue::from_static(value));
            values.iter().map(name).collect::<HeaderMap>()
        };
        for plain in [&[][..], &["identity"], &["", "Identity, identity"]] {
            assert_eq!(encoding(&headers(plain)), None, "{plain:?}");
        }
        assert_eq!(encoding(&headers(&["gzip"])).as_deref(), Some("gzip"));
        assert_eq!(encoding(&headers(&["identity, br"])).as_deref(), Some("identity, br"));
    }

    #[test]
    fn types_that_are_written_in_json_are_json() {
        for kind in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
            assert!(is_json(kind), "{kind}");
        }
        for kind in ["text/json", "application/jsonp", "application/x-www-form-urlencoded", ""] {
            assert!(!is_json(kind), "{kind}");
        }
    }
}
