//! `…/chatrooms/messages`: the history, and what is taken out of it (docs/protocol.md, section C.2).

use std::sync::Arc;

use axum::{
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use chatroom_wire::{MessageId, envelope};

use super::{
    ApiError,
    acting::{self, Answer},
    auth::{Admin, Bearer},
    path::Id,
    query::Pairs,
};
use crate::{room::act::Deed, service::Service};

/// `GET /chatrooms/messages`: a page, ascending. The messages go out as they were stored.
pub(super) async fn read(
    State(service): State<Arc<Service>>,
    Bearer(grant): Bearer,
    query: Pairs,
) -> Result<Response, ApiError> {
    let messages = service.store.messages(&grant.room, &grant.user, query.messages()?).await?;
    let mut body = br#"{"messages":"#.to_vec();
    body.extend(envelope::join(messages.iter().map(|message| message.json.as_ref())));
    body.push(b'}');
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// `DELETE /chatrooms/messages/{id}`.
pub(super) async fn delete(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    Id(id): Id<MessageId>,
    query: Pairs,
) -> Answer {
    // A service that keeps messages by time wants these. They are not needed here, but a wrong one is a mistake.
    query.time("sent_at")?;
    query.time("received_at")?;
    let name = query.text("action_taker.custom_name").unwrap_or_default();
    acting::done(&service, grant, ("action_taker.custom_name", name), Deed::Delete(id)).await
}
