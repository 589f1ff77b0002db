//! `…/chatrooms/dictionaries`: which dictionaries a room uses (docs/protocol.md, section C.5).

use std::{collections::BTreeSet, sync::Arc};

use axum::{Json, extract::State};
use chatroom_wire::{
    DictionaryId,
    rest::{Done, EnableDictionaries, RoomDictionariesPage, RoomDictionary},
};

use super::{no_dictionary, page_of};
use crate::{
    http::{
        ApiError,
        acting::{self, Answer},
        auth::Admin,
        body::Body,
        path::Id,
        query::Pairs,
    },
    room::act::Deed,
    service::Service,
    token::Grant,
};

/// The name of the list, for tokens of its pages.
const LIST: &str = "room dictionaries";

/// What a call about dictionaries says of who acts: nothing.
const NOBODY: (&str, &str) = ("", "");

/// `GET /chatrooms/dictionaries`: all of them, and whether the room uses each.
pub(in crate::http) async fn list(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    query: Pairs,
) -> Result<Json<RoomDictionariesPage>, ApiError> {
    let room = service.store.room(&grant.room).await?.ok_or_else(|| ApiError::not_found("there is no such room"))?;
    let (dictionaries, next_page_token) = page_of(&service, LIST, &query.page(LIST)?).await?;
    let results = dictionaries.into_iter().map(|dictionary| {
        let enabled = room.dictionaries.contains(&dictionary.id);
        RoomDictionary { dictionary, enabled }
    });
    Ok(Json(RoomDictionariesPage { results: results.collect(), next_page_token }))
}

/// `POST /chatrooms/dictionaries:batch-update`: all of them, or none where one is not there.
pub(in crate::http) async fn batch_update(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    Body(request): Body<EnableDictionaries>,
) -> Result<Json<RoomDictionariesPage>, ApiError> {
    let results = enable(&service, grant, request.ids, request.enabled).await?;
    Ok(Json(RoomDictionariesPage { results, next_page_token: String::new() }))
}

/// `POST /chatrooms/dictionaries/{id}:enable`.
pub(in crate::http) async fn enable_one(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    Id(id): Id<DictionaryId>,
) -> Answer {
    enable(&service, grant, vec![id], true).await.map(|_| Json(Done {}))
}

/// `POST /chatrooms/dictionaries/{id}:disable`.
pub(in crate::http) async fn disable_one(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    Id(id): Id<DictionaryId>,
) -> Answer {
    enable(&service, grant, vec![id], false).await.map(|_| Json(Done {}))
}

async fn enable(
    service: &Service,
    grant: Grant,
    ids: Vec<DictionaryId>,
    enabled: bool,
) -> Result<Vec<RoomDictionary>, ApiError> {
    let ids: BTreeSet<DictionaryId> = ids.into_iter().collect();
    let mut results = Vec::new();
    for id in &ids {
        let dictionary = service.dictionaries.dictionary(id).await?.ok_or_else(no_dictionary)?;
        results.push(RoomDictionary { dictionary, enabled });
    }
    if !ids.is_empty() {
        let deed = Deed::UseDictionaries(ids.into_iter().collect(), enabled);
        acting::act(service, grant, NOBODY, deed).await?;
    }
    Ok(results)
}
