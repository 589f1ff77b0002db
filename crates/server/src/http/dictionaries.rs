//! `…/dictionaries`: the word filter's dictionaries, which belong to the organisation (docs/protocol.md, section C.5).
//!
//! - [`patterns`]: what a dictionary holds; [`in_room`]: which ones a room uses; [`uploads`]: how many at once

pub(super) mod in_room;
pub(super) mod patterns;
pub(crate) mod uploads;

use std::sync::Arc;

use axum::{Json, extract::State};
use chatroom_wire::{
    DictionaryId,
    dictionary::Dictionary,
    rest::{DictionariesPage, DictionaryAnswer, Done, WriteDictionary},
    safe_text,
};

use super::{
    ApiError,
    acting::Answer,
    body::Body,
    path::Id,
    query::{Page, Pairs},
    tokens::new_uuid,
};
use crate::{filter::perceived, service::Service, store::NewDictionary};

/// The longest name of a dictionary, in code points.
const NAME_MAX: usize = 100;

/// The longest description, in code points.
const DESCRIPTION_MAX: usize = 1000;

/// How many dictionaries are read at once where a name is looked for.
const PAGE: u16 = 500;

/// The name of the list, for tokens of its pages.
const LIST: &str = "dictionaries";

/// `POST /dictionaries`.
pub(super) async fn create(
    State(service): State<Arc<Service>>,
    Body(request): Body<WriteDictionary>,
) -> Result<Json<DictionaryAnswer>, ApiError> {
    check(&request)?;
    let _naming = service.naming.lock().await;
    check_free(&service, &request.name, None).await?;
    let max = service.settings.dictionaries_max;
    if service.lexicon.dictionaries() >= usize::try_from(max).unwrap_or(usize::MAX) {
        return Err(ApiError::exhausted(format!("there are {max} dictionaries, which is the most that there may be")));
    }
    let dictionary = service.dictionaries.create_dictionary(written(&service, new_uuid().into(), request)).await?;
    Ok(Json(DictionaryAnswer { dictionary }))
}

/// `GET /dictionaries`.
pub(super) async fn list(
    State(service): State<Arc<Service>>,
    query: Pairs,
) -> Result<Json<DictionariesPage>, ApiError> {
    let (dictionaries, next_page_token) = page_of(&service, LIST, &query.page(LIST)?).await?;
    Ok(Json(DictionariesPage { dictionaries, next_page_token }))
}

/// `GET /dictionaries/{id}`.
pub(super) async fn read(
    State(service): State<Arc<Service>>,
    Id(id): Id<DictionaryId>,
) -> Result<Json<DictionaryAnswer>, ApiError> {
    let dictionary = service.dictionaries.dictionary(&id).await?.ok_or_else(no_dictionary)?;
    Ok(Json(DictionaryAnswer { dictionary }))
}

/// `PUT /dictionaries/{id}`.
pub(super) async fn update(
    State(service): State<Arc<Service>>,
    Id(id): Id<DictionaryId>,
    Body(request): Body<WriteDictionary>,
) -> Result<Json<DictionaryAnswer>, ApiError> {
    check(&request)?;
    let _naming = service.naming.lock().await;
    service.dictionaries.dictionary(&id).await?.ok_or_else(no_dictionary)?;
    check_free(&service, &request.name, Some(&id)).await?;
    let updated = service.dictionaries.update_dictionary(written(&service, id, request)).await?;
    Ok(Json(DictionaryAnswer { dictionary: updated.ok_or_else(no_dictionary)? }))
}

/// `DELETE /dictionaries/{id}`: it goes out of force in all rooms.
pub(super) async fn delete(State(service): State<Arc<Service>>, Id(id): Id<DictionaryId>) -> Answer {
    if service.dictionaries.delete_dictionary(&id).await? { Ok(Json(Done {})) } else { Err(no_dictionary()) }
}

/// A page of all dictionaries, and the token of the next one.
async fn page_of(service: &Service, list: &str, page: &Page) -> Result<(Vec<Dictionary>, String), ApiError> {
    let after = page.after.clone().map(DictionaryId::from);
    if let Some(after) = &after
        && service.dictionaries.dictionary(after).await?.is_none()
    {
        return Err(ApiError::invalid("page_token is behind a dictionary that is gone; begin anew"));
    }
    let mut dictionaries = service.dictionaries.dictionaries(after.as_ref(), page.ask()).await?;
    let next_page_token = page.cut(list, &mut dictionaries, |dictionary| dictionary.id.as_str());
    Ok((dictionaries, next_page_token))
}

fn check(request: &WriteDictionary) -> Result<(), ApiError> {
    if safe_text::is_blank(&request.name) || request.name.chars().count() > NAME_MAX {
        return Err(ApiError::invalid(format!("name is empty or longer than {NAME_MAX} characters")));
    }
    if request.description.chars().count() > DESCRIPTION_MAX {
        return Err(ApiError::invalid(format!("description is longer than {DESCRIPTION_MAX} characters")));
    }
    Ok(())
}

/// Refuses a name that another dictionary has: people could not tell them apart.
async fn check_free(service: &Service, name: &str, own: Option<&DictionaryId>) -> Result<(), ApiError> {
    let name = perceived(name);
    let mut after = None;
    loop {
        let page = service.dictionaries.dictionaries(after.as_ref(), PAGE).await?;
        if page.iter().any(|other| Some(&other.id) != own && perceived(&other.name) == name) {
            return Err(ApiError::exists("another dictionary has this name"));
        }
        match page.into_iter().next_back() {
            Some(last) => after = Some(last.id),
            None => return Ok(()),
        }
    }
}

fn written(service: &Service, id: DictionaryId, request: WriteDictionary) -> NewDictionary {
    NewDictionary { id, name: request.name, description: request.description, at: service.clock.now().wall }
}

fn no_dictionary() -> ApiError {
    ApiError::not_found("there is no such dictionary")
}
