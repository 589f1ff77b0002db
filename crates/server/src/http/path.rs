//! What a path says: its ids, and the verb behind its last colon.
//!
//! A path of the table may end in `{id}:verb`. The router knows no such thing, so it is given one path for all verbs, and
//! what the ids are is read here.
//!
//! Before anything is matched, each segment is decoded once and written in one form, so that it makes no difference which
//! of its letters a client has encoded. A slash that was encoded stays part of its segment.

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, Request},
    http::{Uri, request::Parts},
    response::{IntoResponse as _, Response},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::{ApiError, cors};
use crate::service::Service;

/// All that stands for itself in a segment (RFC 3986, section 3.3) is written so.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b':')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// Writes the path of a request in its one form.
///
/// # Errors
/// The refusal, where a segment can't be decoded.
pub(super) async fn in_one_form(mut request: Request) -> Result<Request, Response> {
    if request.uri().path().contains('%') {
        let uri = rewritten(request.uri()).map_err(|error| cors::allow(error.into_response()))?;
        *request.uri_mut() = uri;
    }
    Ok(request)
}

fn rewritten(uri: &Uri) -> Result<Uri, ApiError> {
    let wrong = || ApiError::invalid("the path is not percent-encoded UTF-8");
    let segments = uri.path().split('/').map(|segment| {
        let mut codes = segment.split('%').skip(1);
        let is_code = |code: &str| code.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2;
        let decoded = codes.all(is_code).then(|| percent_decode_str(segment).decode_utf8().ok()).flatten();
        decoded.map(|text| utf8_percent_encode(&text, ENCODED).to_string()).ok_or_else(wrong)
    });
    let mut path = segments.collect::<Result<Vec<_>, _>>()?.join("/");
    if let Some(query) = uri.query() {
        path.push('?');
        path.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path.parse().map_err(|_| wrong())?);
    Uri::from_parts(parts).map_err(|_| wrong())
}

/// The verb of a path in the table, where it has one behind an id.
pub(super) fn verb_of(pattern: &str) -> Option<&str> {
    pattern.rsplit_once("}:").map(|(_, verb)| verb).filter(|verb| !verb.contains('/'))
}

/// The path for the router: without such a verb, and with names for ids that are the same everywhere.
pub(super) fn shape_of(pattern: &str) -> String {
    let pattern = verb_of(pattern).map_or(pattern, |verb| &pattern[..pattern.len() - verb.len() - 1]);
    let segments = pattern
        .split('/')
        .enumerate()
        .map(|(index, segment)| if is_id(segment) { format!("{{p{index}}}") } else { segment.to_owned() });
    segments.collect::<Vec<_>>().join("/")
}

/// The verb of a path.
pub(super) fn verb_in(path: &str) -> Option<&str> {
    path.rsplit('/').next().and_then(|segment| segment.rsplit_once(':')).map(|(_, verb)| verb)
}

/// The ids in a path that has the shape of `pattern`.
///
/// # Errors
/// When one is no text, or empty.
pub(super) fn ids(pattern: &str, path: &str) -> Result<Ids, ApiError> {
    let path = match verb_of(pattern) {
        Some(verb) => path.strip_suffix(verb).and_then(|path| path.strip_suffix(':')).unwrap_or(path),
        None => path,
    };
    let mut ids = Vec::new();
    for (wanted, segment) in pattern.split('/').zip(path.split('/')) {
        if is_id(wanted) {
            let id = percent_decode_str(segment).decode_utf8();
            let id = id.map_err(|_| ApiError::invalid("an id in the path is not UTF-8"))?;
            if id.is_empty() {
                return Err(ApiError::not_found("there is nothing at this path"));
            }
            ids.push(id.into_owned());
        }
    }
    Ok(Ids(ids))
}

fn is_id(segment: &str) -> bool {
    segment.starts_with('{')
}

/// The ids in the path of a request, in their order.
#[derive(Debug, Clone)]
pub(crate) struct Ids(Vec<String>);

/// The one id in the path.
#[derive(Debug)]
pub(crate) struct Id<T>(pub(crate) T);

/// Both ids in the path.
#[derive(Debug)]
pub(crate) struct IdPair<A, B>(pub(crate) A, pub(crate) B);

impl<T: From<String>> FromRequestParts<Arc<Service>> for Id<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Service>) -> Result<Self, ApiError> {
        nth(parts, 0).map(Self)
    }
}

impl<A: From<String>, B: From<String>> FromRequestParts<Arc<Service>> for IdPair<A, B> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Service>) -> Result<Self, ApiError> {
        Ok(Self(nth(parts, 0)?, nth(parts, 1)?))
    }
}

fn nth<T: From<String>>(parts: &Parts, index: usize) -> Result<T, ApiError> {
    let id = parts.extensions.get::<Ids>().and_then(|ids| ids.0.get(index));
    id.cloned().map(T::from).ok_or_else(|| ApiError::invalid("the path has no id"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verb_behind_an_id_is_not_in_the_routers_path() {
        for (pattern, verb, shape) in [
            ("/rooms:mute", None, "/rooms:mute"),
            ("/polls/{id}", None, "/polls/{p2}"),
            ("/polls/{id}:change", Some("change"), "/polls/{p2}"),
            ("/lists/{id}/words:batch", None, "/lists/{p2}/words:batch"),
            ("/lists/{id}/words/{word_id}", None, "/lists/{p2}/words/{p4}"),
        ] {
            assert_eq!((verb_of(pattern), shape_of(pattern).as_str()), (verb, shape), "{pattern}");
        }
    }

    #[test]
    fn a_path_is_matched_by_what_it_says_whichever_letters_are_encoded() {
        for (path, form) in [
            ("/chatrooms%3Aunmute?a=%3A", Some("/chatrooms:unmute?a=%3A")),
            ("/%62v/p%6Flls/a%3Achange", Some("/bv/polls/a:change")),
            ("/polls/a%2fb%5C%20%25", Some("/polls/a%2Fb%5C%20%25")),
            ("/polls/%2e%2E/%252e", Some("/polls/../%252e")),
            ("/polls/%c3%a4", Some("/polls/%C3%A4")),
            ("/polls/%", None),
            ("/polls/%4", None),
            ("/polls/%zz", None),
            ("/polls/%ff", None),
        ] {
            let read = rewritten(&path.parse().unwrap()).ok();
            assert_eq!(read.map(|uri| uri.to_string()).as_deref(), form, "{path}");
        }
    }

    #[test]
    fn ids_are_decoded_after_the_path_was_taken_apart() {
        let read = |pattern, path| ids(pattern, path).map(|ids| ids.0);
        assert_eq!(read("/polls/{id}:change", "/polls/a:b:change").unwrap(), ["a:b"]);
        assert_eq!(read("/polls/{id}", "/polls/a:change").unwrap(), ["a:change"]);
        assert_eq!(read("/lists/{id}/words/{word_id}", "/lists/a%2Fb/words/%C3%A4%20").unwrap(), ["a/b", "ä "]);
        assert!(read("/polls/{id}", "/polls/%ff").is_err());
        assert!(read("/polls/{id}:change", "/polls/:change").is_err());
    }

    #[test]
    fn the_verb_is_what_stands_behind_the_last_colon_of_the_last_segment() {
        for (path, verb) in [("/polls/a:change", Some("change")), ("/polls/a:b:c", Some("c")), ("/a:b/c", None)] {
            assert_eq!(verb_in(path), verb, "{path}");
        }
    }
}
