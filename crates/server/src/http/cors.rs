//! For browsers: a page from anywhere may call the API. It shows a token that it has, and no browser adds a secret of
//! its own, so there is nothing to protect a user from.

use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse as _, Response},
};

/// The headers of a request that clients of this family send.
const REQUEST_HEADERS: &str = "authorization, content-type, x-bv-org-id";

/// The headers of an answer that a page may read besides the usual ones.
const ANSWER_HEADERS: &str = "allow, retry-after, www-authenticate";

/// For how long a browser need not ask again, in seconds.
const MAX_AGE: &str = "86400";

/// Answers the question that a browser asks before a call: `allowed` are the methods of the path.
pub(super) fn preflight(allowed: HeaderValue) -> Response {
    let fixed = |name: HeaderName, value: &'static str| (name, HeaderValue::from_static(value));
    let headers = [
        (header::ALLOW, allowed.clone()),
        (header::ACCESS_CONTROL_ALLOW_METHODS, allowed),
        fixed(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS),
        fixed(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE),
    ];
    (StatusCode::NO_CONTENT, headers).into_response()
}

/// Lets any page read an answer.
pub(super) fn allow(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(ANSWER_HEADERS));
    response
}
