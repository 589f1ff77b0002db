//! `PUT /chatrooms/users`: the caller's own name (docs/protocol.md, section C.3).

use std::sync::Arc;

use axum::extract::State;
use chatroom_wire::rest::Rename;

use super::{
    ApiError,
    acting::{self, Answer, check_name},
    auth::Bearer,
    body::Body,
};
use crate::{room::act::Deed, service::Service, token::Grant};

/// The name holds in the room of the token, for all that its bearer does from now on.
pub(super) async fn rename(
    State(service): State<Arc<Service>>,
    Bearer(grant): Bearer,
    Body(Rename { custom_name }): Body<Rename>,
) -> Answer {
    let name = check_name(&service, "custom_name", &custom_name)?.to_owned();
    if name.is_empty() {
        return Err(ApiError::invalid("custom_name is empty: it holds nothing that can be seen"));
    }
    // Connection tokens carry it.
    if !(Grant { name: name.clone(), ..grant.clone() }).is_issuable() {
        return Err(ApiError::invalid("custom_name is too long for a token"));
    }
    acting::done(&service, grant, ("custom_name", &name), Deed::Rename(name.clone())).await
}
