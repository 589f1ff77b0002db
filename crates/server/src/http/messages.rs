//! `GET /chatrooms/messages`: the history (docs/protocol.md, section C.2).

use std::sync::Arc;

use axum::{
    extract::{Query, State},
    http::header,
    response::{IntoResponse as _, Response},
};
use chatroom_wire::{envelope, rest::MessagesQuery};

use super::{ApiError, auth::Bearer};
use crate::service::Service;

/// A page, ascending. The messages go out as they were stored.
pub(super) async fn read(
    State(service): State<Arc<Service>>,
    Bearer(grant): Bearer,
    query: Result<Query<Vec<(String, String)>>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, ApiError> {
    let Query(pairs) = query.map_err(|_| ApiError::invalid("the query can't be read"))?;
    let query = MessagesQuery::from_pairs(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())))
        .map_err(|error| ApiError::invalid(error.to_string()))?;
    let messages = service.store.messages(&grant.room, query).await?;
    let mut body = br#"{"messages":"#.to_vec();
    body.extend(envelope::join(messages.iter().map(|message| message.json.as_ref())));
    body.push(b'}');
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}
