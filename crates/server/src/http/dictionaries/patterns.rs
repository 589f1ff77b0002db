//! `…/dictionaries/{id}/patterns`: what a dictionary holds (docs/protocol.md, section C.5).

use std::{collections::HashSet, panic::resume_unwind, sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    extract::{Request, State},
};
use chatroom_wire::{
    DictionaryId, PatternId,
    dictionary::Pattern,
    rest::{Done, PatternAnswer, PatternsAnswer, PatternsPage, UploadAnswer, WritePattern, WritePatterns},
    safe_text,
};
use serde_json::Map;
use tokio::task::spawn_blocking;

use super::no_dictionary;
use crate::{
    filter::fold,
    http::{
        ApiError,
        acting::Answer,
        body::{self, Body, MediaType},
        call_rates::CallerKey,
        path::{Id, IdPair},
        query::Pairs,
        tokens::new_uuid,
    },
    service::Service,
};

/// The name of the list, for tokens of its pages.
const LIST: &str = "patterns";

/// How long an upload may take: files are larger than other bodies.
const UPLOAD_PATIENCE: Duration = Duration::from_secs(60);

/// `POST /dictionaries/{id}/patterns`.
pub(in crate::http) async fn create(
    State(service): State<Arc<Service>>,
    Id(id): Id<DictionaryId>,
    Body(request): Body<WritePattern>,
) -> Result<Json<PatternAnswer>, ApiError> {
    let added = add(&service, &id, vec![request.text]).await?;
    let pattern = added.into_iter().next().ok_or_else(no_dictionary)?;
    Ok(Json(PatternAnswer { pattern }))
}

/// `POST /dictionaries/{id}/patterns:batch-create`: all or none.
pub(in crate::http) async fn batch_create(
    State(service): State<Arc<Service>>,
    Id(id): Id<DictionaryId>,
    Body(request): Body<WritePatterns>,
) -> Result<Json<PatternsAnswer>, ApiError> {
    Ok(Json(PatternsAnswer { patterns: add(&service, &id, request.texts).await? }))
}

/// `GET /dictionaries/{id}/patterns`.
pub(in crate::http) async fn list(
    State(service): State<Arc<Service>>,
    Id(id): Id<DictionaryId>,
    query: Pairs,
) -> Result<Json<PatternsPage>, ApiError> {
    let page = query.page(LIST)?;
    let after = page.after.clone().map(PatternId::from);
    let patterns = service.dictionaries.patterns(&id, after.as_ref(), page.ask().into()).await?;
    let mut patterns = patterns.ok_or_else(no_dictionary)?;
    // The store begins with the first pattern where the one to begin behind is gone.
    if after.is_some()
        && let Some(first) = patterns.first()
        && service.dictionaries.patterns(&id, None, 1).await?.is_some_and(|found| found.first() == Some(first))
    {
        return Err(ApiError::invalid("page_token is behind a pattern that is gone; begin anew"));
    }
    let next_page_token = page.cut(LIST, &mut patterns, |pattern| pattern.id.as_str());
    Ok(Json(PatternsPage { patterns, next_page_token }))
}

/// `PUT /dictionaries/{id}/patterns/{pattern_id}`.
pub(in crate::http) async fn update(
    State(service): State<Arc<Service>>,
    IdPair(id, pattern_id): IdPair<DictionaryId, PatternId>,
    Body(request): Body<WritePattern>,
) -> Result<Json<PatternAnswer>, ApiError> {
    check(&request.text, service.settings.pattern_max).map_err(|wrong| ApiError::invalid(format!("text {wrong}")))?;
    let pattern = Pattern { id: pattern_id.clone(), text: request.text, extra: Map::new() };
    match service.dictionaries.update_pattern(&id, pattern, service.clock.now().wall).await? {
        Some(pattern) => Ok(Json(PatternAnswer { pattern })),
        None if holds(&service, &id, &pattern_id).await? => {
            Err(ApiError::exists("another pattern of the dictionary has this text"))
        }
        None => Err(no_pattern()),
    }
}

/// `DELETE /dictionaries/{id}/patterns/{pattern_id}`.
pub(in crate::http) async fn delete(
    State(service): State<Arc<Service>>,
    IdPair(id, pattern_id): IdPair<DictionaryId, PatternId>,
) -> Answer {
    let was_there = service.dictionaries.delete_pattern(&id, &pattern_id, service.clock.now().wall).await?;
    if was_there { Ok(Json(Done {})) } else { Err(no_pattern()) }
}

/// `POST /dictionaries/{id}/patterns:upload`: a text with one pattern on each line takes the place of all that was there.
pub(in crate::http) async fn upload(
    State(service): State<Arc<Service>>,
    Id(id): Id<DictionaryId>,
    Extension(caller): Extension<CallerKey>,
    request: Request,
) -> Result<Json<UploadAnswer>, ApiError> {
    let _under_way = match service.uploads.begin(caller).await {
        Ok(upload) => upload,
        Err(refusal) => {
            body::throw_away(request).await;
            return Err(refusal);
        }
    };
    if service.dictionaries.dictionary(&id).await?.is_none() {
        body::throw_away(request).await;
        return Err(no_dictionary());
    }
    let settings = Arc::clone(&service.settings);
    let patience = settings.connect_timeout.max(UPLOAD_PATIENCE);
    let file = body::bytes(request, &TEXT, settings.upload_max.bytes(), patience).await?;
    // Folding a large file takes a while.
    let read = spawn_blocking(move || lines(&file, settings.pattern_max, settings.patterns_max)).await;
    let patterns = read.unwrap_or_else(|error| resume_unwind(error.into_panic()))?;
    let count = service.dictionaries.replace_patterns(&id, patterns, service.clock.now().wall).await?;
    let count = count.ok_or_else(no_dictionary)?;
    Ok(Json(UploadAnswer { pattern_count: i64::try_from(count).unwrap_or(i64::MAX) }))
}

async fn add(service: &Service, id: &DictionaryId, texts: Vec<String>) -> Result<Vec<Pattern>, ApiError> {
    for (index, text) in texts.iter().enumerate() {
        check(text, service.settings.pattern_max)
            .map_err(|wrong| ApiError::invalid(format!("texts[{index}] {wrong}")))?;
    }
    let dictionary = service.dictionaries.dictionary(id).await?.ok_or_else(no_dictionary)?;
    let max = service.settings.patterns_max;
    let count = usize::try_from(dictionary.pattern_count).unwrap_or_default();
    let free = usize::try_from(max).unwrap_or(usize::MAX).saturating_sub(count);
    // What is there already needs no place; it is looked for only where that decides.
    if texts.len() > free && new_ones(service, id, &texts).await? > free {
        return Err(too_many(max));
    }
    let patterns = texts.into_iter().map(pattern).collect();
    service.dictionaries.add_patterns(id, patterns, service.clock.now().wall).await?.ok_or_else(no_dictionary)
}

/// What is wrong with the text of a pattern.
fn check(text: &str, max: u32) -> Result<(), String> {
    if text.chars().count() > usize::try_from(max).unwrap_or(usize::MAX) {
        return Err(format!("is longer than {max} characters"));
    }
    if safe_text::is_blank(text) || fold(text).is_empty() {
        return Err("has nothing that can be seen".to_owned());
    }
    Ok(())
}

/// The patterns of a file. A byte order mark, carriage returns and lines with nothing in them are no part of any.
fn lines(file: &[u8], longest: u32, most: u32) -> Result<Vec<Pattern>, ApiError> {
    let text = str::from_utf8(file).map_err(|error| {
        let line = file[..error.valid_up_to()].split(|byte| *byte == b'\n').count();
        ApiError::invalid(format!("the file is not UTF-8 (line {line})"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut seen = HashSet::new();
    let mut patterns = Vec::new();
    for (number, line) in (1_usize..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || !seen.insert(line) {
            continue;
        }
        check(line, longest).map_err(|wrong| ApiError::invalid(format!("line {number} {wrong}")))?;
        patterns.push(pattern(line.to_owned()));
    }
    if patterns.len() > usize::try_from(most).unwrap_or(usize::MAX) {
        return Err(too_many(most));
    }
    Ok(patterns)
}

const TEXT: MediaType = MediaType { name: "text/plain", accepts: is_text };

/// Whether a body may be a file of lines: text, raw bytes, or what tools say that look at nothing.
fn is_text(kind: &str) -> bool {
    let name = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    name.starts_with("text/")
        || ["application/octet-stream", "application/x-www-form-urlencoded"].contains(&name.as_str())
}

fn pattern(text: String) -> Pattern {
    Pattern { id: new_uuid().into(), text, extra: Map::new() }
}

/// Whether a dictionary has a pattern of this id.
async fn holds(service: &Service, id: &DictionaryId, pattern: &PatternId) -> Result<bool, ApiError> {
    let mut found = false;
    each(service, id, |it| found |= it.id == *pattern).await?;
    Ok(found)
}

/// How many different ones of these texts a dictionary does not hold.
async fn new_ones(service: &Service, id: &DictionaryId, texts: &[String]) -> Result<usize, ApiError> {
    let mut new: HashSet<&str> = texts.iter().map(String::as_str).collect();
    each(service, id, |it| {
        new.remove(it.text.as_str());
    })
    .await?;
    Ok(new.len())
}

/// Looks at every pattern of a dictionary.
async fn each(service: &Service, id: &DictionaryId, mut look: impl FnMut(&Pattern)) -> Result<(), ApiError> {
    let mut after = None;
    loop {
        let page = service.dictionaries.patterns(id, after.as_ref(), 10_000).await?.unwrap_or_default();
        page.iter().for_each(&mut look);
        match page.into_iter().next_back() {
            Some(last) => after = Some(last.id),
            None => return Ok(()),
        }
    }
}

fn no_pattern() -> ApiError {
    ApiError::not_found("there is no such pattern")
}

fn too_many(max: u32) -> ApiError {
    ApiError::exhausted(format!("a dictionary can't hold more than {max} patterns"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(file: &[u8]) -> Result<Vec<String>, ApiError> {
        Ok(lines(file, 10, 3)?.into_iter().map(|pattern| pattern.text).collect())
    }

    #[test]
    fn a_file_has_a_pattern_on_each_line_that_has_anything() {
        for (file, wanted) in [
            ("one\ntwo", &["one", "two"][..]),
            ("\u{feff}one\r\n\r\n  two  \r\n", &["one", "two"]),
            ("one\n\t\n\none\nOne\n", &["one", "One"]),
            ("zwei Wege\n", &["zwei Wege"]),
            ("", &[]),
            ("\u{feff}\r\n", &[]),
        ] {
            assert_eq!(texts(file.as_bytes()).unwrap(), wanted, "{file:?}");
        }
    }

    #[test]
    fn a_file_that_can_not_be_used_says_at_which_line() {
        for (file, wanted) in [
            (&b"one\ntwo\nthree and four\n"[..], "line 3 is longer than 10 characters"),
            (b"one\n\n\xe2\x80\x8b\n", "line 3 has nothing that can be seen"),
            (b"one\n\xff\n", "the file is not UTF-8 (line 2)"),
            (b"1\n2\n3\n4\n", "a dictionary can't hold more than 3 patterns"),
        ] {
            let refused = format!("{:?}", texts(file).unwrap_err());
            assert!(refused.contains(wanted), "{refused}");
        }
    }

    #[test]
    fn raw_text_is_taken_and_what_has_a_form_of_its_own_is_not() {
        for kind in ["text/plain", "text/plain; charset=utf-8", "Text/CSV", "application/octet-stream"] {
            assert!(is_text(kind), "{kind}");
        }
        for kind in ["application/json", "multipart/form-data; boundary=x", "image/png", ""] {
            assert!(!is_text(kind), "{kind}");
        }
    }
}
