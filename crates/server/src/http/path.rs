//! What a path says: its ids, and the verb behind its last colon.
//!
//! A path of the table may end in `{id}:verb`. The router knows no such thing, so it is given one path for all verbs, and
//! what the ids are is read here: from the path as it came, so that a colon or a slash that was percent-encoded is part
//! of an id.

use std::sync::Arc;

use axum::{extract::FromRequestParts, http::request::Parts};
use percent_encoding::percent_decode_str;

use super::ApiError;
use crate::service::Service;

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

/// The verb of a path as it came.
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
    fn ids_are_decoded_after_the_path_was_taken_apart() {
        let read = |pattern, path| ids(pattern, path).map(|ids| ids.0);
        assert_eq!(read("/polls/{id}:change", "/polls/a:b:change").unwrap(), ["a:b"]);
        assert_eq!(read("/polls/{id}", "/polls/a%3Achange").unwrap(), ["a:change"]);
        assert_eq!(read("/lists/{id}/words/{word_id}", "/lists/a%2Fb/words/%C3%A4%20").unwrap(), ["a/b", "ä "]);
        assert!(read("/polls/{id}", "/polls/%ff").is_err());
        assert!(read("/polls/{id}:change", "/polls/:change").is_err());
    }

    #[test]
    fn the_verb_is_what_stands_behind_the_last_colon_of_the_last_segment() {
        for (path, verb) in [
            ("/polls/a:change", Some("change")),
            ("/polls/a:b:c", Some("c")),
            ("/polls/a%3Achange", None),
            ("/a:b/c", None),
        ] {
            assert_eq!(verb_in(path), verb, "{path}");
        }
    }
}
