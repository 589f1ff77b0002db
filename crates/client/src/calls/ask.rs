//! How calls are asked and answers are read.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use chatroom_session::{ApiRequest, CallError, Verb};
use chatroom_wire::{Config, body, lenient, rest::ErrorBody};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::StatusCode;
use serde::{Serialize, de::DeserializeOwned};

type Pairs = Vec<(Cow<'static, str>, String)>;

pub(crate) fn get(path: impl Into<Cow<'static, str>>) -> ApiRequest {
    ApiRequest { verb: Verb::Get, path: path.into(), query: Vec::new(), body: None }
}

pub(crate) fn post(path: impl Into<Cow<'static, str>>, body: &impl Serialize) -> ApiRequest {
    ApiRequest { verb: Verb::Post, body: Some(json(body)), ..get(path) }
}

pub(crate) fn put(path: impl Into<Cow<'static, str>>, body: &impl Serialize) -> ApiRequest {
    ApiRequest { verb: Verb::Put, body: Some(json(body)), ..get(path) }
}

pub(crate) fn delete(path: impl Into<Cow<'static, str>>) -> ApiRequest {
    ApiRequest { verb: Verb::Delete, ..get(path) }
}

/// The same call with this query.
pub(crate) fn with(query: Pairs, request: ApiRequest) -> ApiRequest {
    ApiRequest { query, ..request }
}

/// The pairs that ask for a page.
pub(crate) fn page(token: Option<&str>, size: Option<u16>) -> Pairs {
    let size = size.map(|size| ("page_size".into(), size.to_string()));
    let token = token.filter(|token| !token.is_empty()).map(|token| ("page_token".into(), token.to_owned()));
    size.into_iter().chain(token).collect()
}

/// An id as a part of a path.
///
/// # Errors
/// When nothing can have this id: a path with it would lead elsewhere.
pub(crate) fn segment(id: &str) -> Result<String, CallError> {
    // Whoever reads a URL takes these for steps through the path, percent-encoded or not.
    if matches!(id, "" | "." | "..") {
        return Err(hopeless(StatusCode::NOT_FOUND, 5, "nothing has this id"));
    }
    Ok(utf8_percent_encode(id, &RESERVED).to_string())
}

/// The id of what a service gave an id.
///
/// # Errors
/// When it has none.
pub(crate) fn known<'a, T>(id: Option<&'a T>, what: &'static str) -> Result<&'a T, CallError> {
    id.ok_or_else(|| hopeless(StatusCode::BAD_REQUEST, 3, what))
}

/// The verdict of any service, without asking one.
pub(crate) fn hopeless(status: StatusCode, code: i32, message: &str) -> CallError {
    let body = ErrorBody { code, message: message.to_owned(), ..ErrorBody::default() };
    CallError::Status { status: status.as_u16(), body, retry_after: None }
}

/// Reads an answer.
pub(crate) fn read<T: DeserializeOwned>(bytes: &Bytes) -> Result<T, CallError> {
    reporting(|| body::read_answer(bytes)).map_err(|error| CallError::Answer(error.to_string()))
}

/// Reads a config, in which nothing may be empty.
pub(crate) fn config(bytes: &Bytes) -> Result<Config, CallError> {
    reporting(|| Config::from_json(bytes)).map_err(|error| CallError::Answer(error.to_string()))
}

/// Does some reading, and reports what was left out of it: once, as the next answer will be odd in the same way.
pub(crate) fn reporting<R>(read: impl FnOnce() -> R) -> R {
    static REPORTED: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());
    let (result, dropped) = lenient::collect(read);
    if !dropped.is_empty() {
        let dropped = dropped.to_string();
        let mut reported = REPORTED.lock().unwrap_or_else(PoisonError::into_inner);
        if !reported.contains(&dropped) && reported.len() < REPORTS_MAX {
            tracing::warn!(%dropped, "the service answers fields that can't be read; they are left out");
            reported.insert(dropped);
        }
    }
    result
}

/// How many reports of fields that can't be read a process makes.
const REPORTS_MAX: usize = 64;

/// The answer of a call that only acts says nothing.
#[expect(clippy::unnecessary_wraps, reason = "it stands where other answers are read")]
pub(crate) fn done(_: &Bytes) -> Result<(), CallError> {
    Ok(())
}

/// Has a closure's argument be what it is, which a macro can't say.
pub(crate) fn answer<T>(body: &Bytes, read: impl FnOnce(&Bytes) -> Result<T, CallError>) -> Result<T, CallError> {
    read(body)
}

/// All but what RFC 3986 calls unreserved.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn json(body: &impl Serialize) -> Bytes {
    serde_json::to_vec(body).expect("bodies of requests hold only strings, numbers and lists of them").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_stays_one_part_of_the_path() {
        assert_eq!(segment("a/b?c:d é").unwrap(), "a%2Fb%3Fc%3Ad%20%C3%A9");
        assert_eq!(segment("0190-a_b.c~d").unwrap(), "0190-a_b.c~d");
        for id in ["", ".", ".."] {
            assert!(matches!(segment(id), Err(CallError::Status { status: 404, .. })), "{id}");
        }
    }
}
