//! The router, made from the table of routes: it finds the call, checks who may make it, and lets it run.

use std::{collections::BTreeMap, net::Ipv4Addr, sync::Arc};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};

use super::{
    ApiError,
    access::{TokenKind, wants_bearer},
    auth, body,
    call_rates::CallerKey,
    cors,
    path::{ids, shape_of, verb_in, verb_of},
    request_log::RoutePath,
    route::Route,
};
use crate::{listen::Arrival, service::Service};

/// The calls whose paths look the same to the router.
type Siblings = Arc<Vec<Route>>;

/// All calls of a table.
pub(super) fn router(table: Vec<Route>) -> Router<Arc<Service>> {
    let mut shapes: BTreeMap<String, Vec<Route>> = BTreeMap::new();
    for route in table {
        shapes.entry(shape_of(&route.path)).or_default().push(route);
    }
    shapes.into_iter().fold(Router::new(), |router, (shape, routes)| {
        let siblings: Siblings = Arc::new(routes);
        let call = async move |State(service): State<Arc<Service>>, request: Request| {
            let path = RoutePath::of(&siblings, request.uri().path());
            let mut response = cors::allow(answer(&siblings, service, request).await);
            if let Some(path) = path {
                response.extensions_mut().insert(path);
            }
            response
        };
        router.route(&shape, any(call))
    })
}

/// What is answered where there is nothing.
pub(super) async fn nothing_here(request: Request) -> Response {
    body::throw_away(request).await;
    cors::allow(nothing().into_response())
}

fn nothing() -> ApiError {
    ApiError::not_found("there is nothing at this path")
}

async fn answer(siblings: &[Route], service: Arc<Service>, mut request: Request) -> Response {
    let verb =
        if siblings.iter().any(|route| verb_of(&route.path).is_some()) { verb_in(request.uri().path()) } else { None };
    let candidates: Vec<&Route> = siblings.iter().filter(|route| verb_of(&route.path) == verb).collect();
    if candidates.is_empty() {
        body::throw_away(request).await;
        return nothing().into_response();
    }
    let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
    let Some(route) = candidates.iter().find(|route| route.method == method) else {
        let allowed = allowed(&candidates);
        if method == Method::OPTIONS {
            return cors::preflight(allowed);
        }
        body::throw_away(request).await;
        return wrong_method(allowed);
    };
    let address =
        request.extensions().get::<Arrival>().map_or_else(|| Ipv4Addr::UNSPECIFIED.into(), |arrival| arrival.address);
    let mut key = Some(CallerKey::address(address));
    if wants_bearer(route.callers) {
        match auth::authorize(&service, request.headers(), route.callers) {
            Ok(caller) => {
                key = CallerKey::of(&caller, auth::bearer(request.headers()).unwrap_or_default());
                if let Some(arrival) = request.extensions().get::<Arrival>() {
                    arrival.is_known();
                }
                request.extensions_mut().insert(caller);
                request.extensions_mut().insert(key.clone().unwrap_or_else(|| CallerKey::address(address)));
            }
            Err(error) => {
                let error = service.call_rates.take(CallerKey::address(address)).err().unwrap_or(error);
                body::throw_away(request).await;
                return error.into_response();
            }
        }
    }
    // Who shows a refresh token is known only once the body is read.
    if let Some(key) = key.clone().filter(|_| !route.callers.contains(&TokenKind::Refresh))
        && let Err(error) = service.call_rates.take(key)
    {
        body::throw_away(request).await;
        return error.into_response();
    }
    match ids(&route.path, request.uri().path()) {
        Ok(ids) => drop(request.extensions_mut().insert(ids)),
        Err(error) => return error.into_response(),
    }
    let is_act = route.method != Method::GET;
    let response = route.run(request, Arc::clone(&service)).await;
    match key.filter(|_| !route.is_shared) {
        Some(key) => service.answers.count(key, response, is_act).unwrap_or_else(IntoResponse::into_response),
        None => response,
    }
}

fn wrong_method(allowed: HeaderValue) -> Response {
    let error = ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "this method is not known at this path");
    ([(header::ALLOW, allowed)], error).into_response()
}

/// The methods of a path, as the header `Allow` says them.
fn allowed(candidates: &[&Route]) -> HeaderValue {
    let mut methods = vec!["OPTIONS"];
    for route in candidates {
        methods.push(route.method.as_str());
        if route.method == Method::GET {
            methods.push("HEAD");
        }
    }
    methods.sort_unstable();
    // Names of methods are letters.
    HeaderValue::from_str(&methods.join(", ")).unwrap_or(HeaderValue::from_static("OPTIONS"))
}
