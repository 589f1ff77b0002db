//! `GET /openapi.json`: the API described, made from the table of routes and from the wire types.

use std::{collections::BTreeSet, sync::LazyLock};

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use chatroom_wire::{rest::ErrorBody, schema::Schemas};
use serde_json::{Map, Value, json};

use super::{
    access::{TokenKind, wants_bearer},
    route::{Route, Takes},
    routes,
};

/// Made once; it is the same for every server of this version.
static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| describe(&routes::table()).to_string().into());

/// `GET /openapi.json`.
pub(super) async fn read() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], DOCUMENT.clone()).into_response()
}

/// The description of a table in OpenAPI 3.1.
fn describe(table: &[Route]) -> Value {
    let mut schemas = Schemas::at("/components/schemas");
    let refusals = refusals(table, &schemas.answer::<ErrorBody>());
    let mut paths = Map::new();
    let mut tags: Vec<&str> = Vec::new();
    for route in table {
        if !tags.contains(&route.tag) {
            tags.push(route.tag);
        }
        let path = paths.entry(route.path.clone()).or_insert_with(|| json!({}));
        path[route.method.as_str().to_ascii_lowercase()] = operation(route, &mut schemas);
    }
    let security: Map<String, Value> = TokenKind::BEARERS
        .into_iter()
        .map(|kind| (kind.name().to_owned(), json!({"type": "http", "scheme": "bearer", "description": scheme(kind)})))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Chatroom",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": {"name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "The server that this description came from."}],
        "tags": tags.iter().map(|tag| json!({"name": tag})).collect::<Vec<_>>(),
        "paths": paths,
        "components": {"schemas": schemas.finish(), "responses": refusals, "securitySchemes": security},
    })
}

const ABOUT: &str = "Rooms, tokens, history and moderation; what is said goes over MQTT 5 (`GET …/chatrooms/config` \
    says how to connect). Actions may be made again: what is so already is answered with 200 and announced to nobody. \
    A field that is not known is ignored. A refusal is an object with a gRPC code, and with the reason \
    `ERROR_REASON_TOKEN_INVALID` where a new token is needed.";

fn scheme(kind: TokenKind) -> &'static str {
    match kind {
        TokenKind::Organisation => "The organisation's token: it makes rooms and tokens.",
        TokenKind::Viewer => "A chat token with the role ROLE_VIEWER, good for one room.",
        TokenKind::Admin => "A chat token with the role ROLE_ADMIN, good for one room.",
        TokenKind::Dictionary => "A token for dictionaries, from `POST …/dictionaries/tokens`.",
        TokenKind::Sticker => "A token for packs of stickers, from `POST …/stickerpacks/tokens`.",
        TokenKind::Refresh | TokenKind::None => "",
    }
}

fn operation(route: &Route, schemas: &mut Schemas) -> Value {
    let mut operation = json!({
        "operationId": route.name,
        "summary": route.summary,
        "tags": [route.tag],
        "x-chatroom-callers": route.callers.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
        "parameters": parameters(route),
    });
    if !route.details.is_empty() {
        operation["description"] = json!(route.details);
    }
    // Any one of them will do; an empty list says that none is needed.
    let security: Vec<Value> = if wants_bearer(route.callers) {
        route.callers.iter().map(|kind| json!({kind.name(): []})).collect()
    } else {
        Vec::new()
    };
    operation["security"] = Value::Array(security);
    let body = match &route.takes {
        Takes::Nothing => None,
        Takes::Json { schema, example } => Some(("application/json", schema(schemas), json!(example))),
        Takes::Text { example } => Some(("text/plain", json!({"type": "string"}), json!(example))),
    };
    if let Some((kind, schema, example)) = body {
        let content = json!({kind: {"schema": schema, "example": example}});
        operation["requestBody"] = json!({"required": true, "content": content});
    }
    let answer = match route.gives {
        Some(schema) => schema(schemas),
        None => json!({"type": "object"}),
    };
    let mut responses = Map::new();
    responses.insert("200".to_owned(), content("Done.", &answer));
    for status in route.refusals() {
        responses.insert(status.to_string(), json!({"$ref": format!("#/components/responses/Refused{status}")}));
    }
    responses.insert("default".to_owned(), json!({"$ref": "#/components/responses/Refused"}));
    operation["responses"] = Value::Object(responses);
    operation
}

/// Every refusal that a call may be answered with, by the name under which the calls refer to it.
fn refusals(table: &[Route], body: &Value) -> Map<String, Value> {
    let statuses: BTreeSet<u16> = table.iter().flat_map(Route::refusals).collect();
    let known = statuses.into_iter().map(|status| (format!("Refused{status}"), content(&meaning(status), body)));
    known.chain([("Refused".to_owned(), content("Refused for another reason.", body))]).collect()
}

fn content(description: &str, schema: &Value) -> Value {
    json!({"description": description, "content": {"application/json": {"schema": schema}}})
}

fn parameters(route: &Route) -> Vec<Value> {
    let ids = route.path.split('/').filter_map(|segment| segment.strip_prefix('{')?.split('}').next());
    let ids = ids.map(
        |name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string", "minLength": 1}}),
    );
    let query = route.query.iter().map(|parameter| {
        json!({
            "name": parameter.name,
            "in": "query",
            "required": false,
            "description": parameter.description,
            "schema": parameter.schema,
        })
    });
    ids.chain(query).collect()
}

fn meaning(status: u16) -> String {
    match status {
        400 => "Something in the request can't be used (code 3), or can't be done as the room is now (code 9).",
        401 => "There is no token (code 16), or one that is not good any more (with ERROR_REASON_TOKEN_INVALID).",
        403 => "The token is good for other things (code 7).",
        404 => "It is not there (code 5).",
        408 => "The body takes too long (code 4).",
        409 => "It is there already (code 6).",
        413 => "The body is too long (code 3).",
        415 => "The body is of another type (code 3).",
        429 => "There are as many as there may be, or too many calls or answers on their way, for which `Retry-After` says when to \
                try again (code 8).",
        500 => "A fault of the server's own (code 13).",
        503 => "Not now (code 14); `Retry-After` says when to try again.",
        other => return StatusCode::from_u16(other).map_or_else(|_| String::new(), |status| status.to_string()),
    }
    .to_owned()
}
