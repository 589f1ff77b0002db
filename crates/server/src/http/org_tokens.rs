//! `…/dictionaries/tokens` and `…/stickerpacks/tokens`: tokens for a matter of the organisation (docs/protocol.md,
//! sections C.5 and C.6).

use std::{sync::Arc, time::Duration};

use axum::{Json, extract::State};
use chatroom_wire::{Token, rest::PlainTokenAnswer};
use jiff::Timestamp;

use super::tokens::TENANT;
use crate::{
    service::Service,
    token::{OrgGrant, TokenKeys},
};

/// `POST /dictionaries/tokens`.
pub(super) async fn create_for_dictionaries(State(service): State<Arc<Service>>) -> Json<PlainTokenAnswer> {
    issue(&service, service.settings.dictionary_token_life, TokenKeys::issue_dictionary)
}

/// `POST /stickerpacks/tokens`.
pub(super) async fn create_for_stickers(State(service): State<Arc<Service>>) -> Json<PlainTokenAnswer> {
    issue(&service, service.settings.sticker_token_life, TokenKeys::issue_sticker)
}

fn issue(
    service: &Service,
    life: Duration,
    issue: fn(&TokenKeys, &OrgGrant, Timestamp) -> Token,
) -> Json<PlainTokenAnswer> {
    let now = service.clock.now().wall;
    let expires_at = now.checked_add(life).unwrap_or(Timestamp::MAX);
    let grant = OrgGrant { tenant_id: TENANT.to_owned(), expires_at };
    // Tokens end on whole seconds.
    let expires_in = Some(expires_at.as_second() - now.as_second());
    Json(PlainTokenAnswer { token: issue(&service.keys, &grant, now), expires_in })
}
