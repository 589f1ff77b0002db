//! The log's line for each request: what was asked for, and how it was answered. Never an id, a query, a body or a token.

use std::{net::IpAddr, time::Instant};

use axum::{
    http::{Method, Request},
    response::Response,
};
use tracing::{Level, enabled, info};

use super::{
    path::{verb_in, verb_of},
    route::Route,
};

/// Paths without ids, which no route of the table answers.
const FIXED: [&str; 4] = ["/", "/mqtt", "/healthz", "/readyz"];

/// The path of the route that answered, with `{id}` in place of ids.
#[derive(Debug, Clone)]
pub(super) struct RoutePath(String);

impl RoutePath {
    /// Of these routes, whose paths look the same, the one with the verb of this path; none where nobody reads the log.
    pub(super) fn of(siblings: &[Route], path: &str) -> Option<Self> {
        if !enabled!(Level::INFO) {
            return None;
        }
        let route = siblings.iter().find(|route| verb_of(&route.path).is_none_or(|verb| verb_in(path) == Some(verb)));
        route.map(|route| Self(route.path.clone()))
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Asked {
    method: &'static str,
    path: &'static str,
    from: IpAddr,
    since: Instant,
}

impl Asked {
    /// Begins; none where nobody reads the log.
    pub(crate) fn begin<B>(request: &Request<B>, from: IpAddr) -> Option<Self> {
        let path = request.uri().path();
        enabled!(Level::INFO).then(|| Self {
            method: name(request.method()),
            path: FIXED.into_iter().find(|fixed| *fixed == path).unwrap_or("(no such path)"),
            from,
            since: Instant::now(),
        })
    }

    /// Writes the line.
    pub(crate) fn end(self, answer: &Response) {
        let path = answer.extensions().get::<RoutePath>().map_or(self.path, |path| &path.0);
        let ms = self.since.elapsed().as_millis();
        info!(method = self.method, path, status = answer.status().as_u16(), ms, from = %self.from, "a request");
    }
}

/// A client may send any word.
fn name(method: &Method) -> &'static str {
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS, Method::PATCH];
    let names = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"];
    known.iter().position(|other| other == method).map_or("other", |place| names[place])
}
