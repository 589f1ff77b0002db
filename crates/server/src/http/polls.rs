//! `…/chatrooms/polls` (docs/protocol.md, section C.4).

use std::{collections::HashMap, sync::Arc};

use axum::{Json, extract::State};
use chatroom_wire::{
    PollId,
    poll::{MultiChoice, Poll, PollOption, PollStatus},
    rest::{ChangePoll, PollBody, PollsPage, Role},
    safe_text,
};

use super::{
    ApiError,
    acting::{self, Answer},
    auth::{Admin, Bearer},
    body::Body,
    path::Id,
    query::Pairs,
};
use crate::{
    Settings,
    filter::perceived,
    room::act::{Deed, Done},
    service::Service,
    token::Grant,
};

/// The name of the list, for tokens of its pages.
const LIST: &str = "polls";

/// How many polls are read at once where some of them may not be shown.
const BATCH: u16 = 100;

/// What a call about a poll says of who acts: nothing.
const NOBODY: (&str, &str) = ("", "");

/// `POST /chatrooms/polls`.
pub(super) async fn create(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    Body(PollBody { poll }): Body<PollBody>,
) -> Result<Json<PollBody>, ApiError> {
    let poll = check(poll, &service.settings).map_err(ApiError::invalid)?;
    write(&service, grant, Deed::CreatePoll(poll)).await
}

/// `GET /chatrooms/polls`.
pub(super) async fn list(
    State(service): State<Arc<Service>>,
    Bearer(grant): Bearer,
    query: Pairs,
) -> Result<Json<PollsPage>, ApiError> {
    let page = query.page(LIST)?;
    let before = page.after.clone().map(PollId::from);
    if let Some(before) = &before
        && service.store.poll(&grant.room, before).await?.is_none()
    {
        return Err(ApiError::invalid("page_token is behind a poll that is gone; begin anew"));
    }
    let mut polls = match grant.role {
        Role::Admin => service.store.polls(&grant.room, before.as_ref(), page.ask()).await?,
        Role::Viewer => for_viewers(&service, &grant, before, usize::from(page.ask())).await?,
    };
    let next_page_token = page.cut(LIST, &mut polls, |poll| poll.id.as_ref().map_or("", PollId::as_str));
    Ok(Json(PollsPage { polls, next_page_token }))
}

/// At most `limit` polls as viewers may see them: a poll is the admins' alone until it starts.
async fn for_viewers(
    service: &Service,
    grant: &Grant,
    mut before: Option<PollId>,
    limit: usize,
) -> Result<Vec<Poll>, ApiError> {
    let mut visible = Vec::new();
    loop {
        let polls = service.store.polls(&grant.room, before.as_ref(), BATCH).await?;
        let is_last = polls.len() < usize::from(BATCH);
        before = polls.last().and_then(|poll| poll.id.clone());
        let started = polls.iter().filter(|poll| poll.status != PollStatus::Queued);
        visible.extend(started.map(Poll::for_viewers).take(limit - visible.len()));
        if is_last || visible.len() == limit {
            return Ok(visible);
        }
    }
}

/// `GET /chatrooms/polls/{id}`.
pub(super) async fn read(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    Id(id): Id<PollId>,
) -> Result<Json<PollBody>, ApiError> {
    let poll = service.store.poll(&grant.room, &id).await?;
    poll.map(|poll| Json(PollBody { poll })).ok_or_else(|| ApiError::not_found("there is no such poll"))
}

/// `PUT /chatrooms/polls/{id}`. The path says which one, whatever the body says.
pub(super) async fn update(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    Id(id): Id<PollId>,
    Body(PollBody { poll }): Body<PollBody>,
) -> Result<Json<PollBody>, ApiError> {
    let poll = check(poll, &service.settings).map_err(ApiError::invalid)?;
    write(&service, grant, Deed::UpdatePoll(Poll { id: Some(id), ..poll })).await
}

/// `DELETE /chatrooms/polls/{id}`.
pub(super) async fn delete(State(service): State<Arc<Service>>, Admin(grant): Admin, Id(id): Id<PollId>) -> Answer {
    acting::done(&service, grant, NOBODY, Deed::DeletePoll(id)).await
}

/// `POST /chatrooms/polls/{id}:change`.
pub(super) async fn change(
    State(service): State<Arc<Service>>,
    Admin(grant): Admin,
    Id(id): Id<PollId>,
    Body(ChangePoll { action, action_taker }): Body<ChangePoll>,
) -> Answer {
    let name = ("action_taker.custom_name", action_taker.custom_name.as_str());
    acting::done(&service, grant, name, Deed::ChangePoll(id, action)).await
}

async fn write(service: &Service, grant: Grant, deed: Deed) -> Result<Json<PollBody>, ApiError> {
    match acting::act(service, grant, NOBODY, deed).await? {
        Done::Poll(poll) => Ok(Json(PollBody { poll: *poll })),
        Done::Nothing => Err(ApiError::internal("the room did not say what became of the poll")),
    }
}

/// What a request says of a poll and may say: type, question, texts, and which are right.
fn check(poll: Poll, settings: &Settings) -> Result<Poll, String> {
    let MultiChoice { question, options, .. } = poll.multi_choice;
    text("poll.multi_choice.question", &question, settings)?;
    let max = usize::try_from(settings.poll_options_max).unwrap_or(usize::MAX);
    if !(2..=max).contains(&options.len()) {
        return Err(format!("poll.multi_choice.options has {} elements; 2 to {max} are allowed", options.len()));
    }
    for (index, option) in options.iter().enumerate() {
        text(&format!("poll.multi_choice.options[{index}].text"), &option.text, settings)?;
    }
    let mut seen = HashMap::new();
    for (index, option) in options.iter().enumerate() {
        if let Some(first) = seen.insert(perceived(&option.text), index) {
            return Err(format!(
                "poll.multi_choice.options[{index}].text is the same as that of options[{first}]; each option needs a text of \
                 its own"
            ));
        }
    }
    let options = options.into_iter().map(|option| PollOption {
        text: option.text,
        corrected: Some(option.corrected == Some(true)),
        ..PollOption::default()
    });
    let multi_choice = MultiChoice { question, options: options.collect(), ..MultiChoice::default() };
    Ok(Poll { kind: poll.kind, multi_choice, ..Poll::default() })
}

fn text(field: &str, text: &str, settings: &Settings) -> Result<(), String> {
    if safe_text::is_blank(text) {
        return Err(format!("{field} is empty"));
    }
    let max = settings.text_max;
    if text.chars().count() > usize::try_from(max).unwrap_or(usize::MAX) {
        return Err(format!("{field} is longer than {max} characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn checked(multi_choice: &Value) -> Result<Poll, String> {
        let poll = json!({"id": "mine", "status": "POLL_STATUS_CLOSED", "votes_count": 7, "colour": "red",
                          "type": "POLL_TYPE_MULTI_CHOICE", "multi_choice": multi_choice});
        check(serde_json::from_value(poll).unwrap(), &Settings::default())
    }

    #[test]
    fn what_only_the_server_may_say_of_a_poll_is_left_out() {
        let options = json!([{"text": "Yes", "corrected": true, "id": "mine", "votes_count": 3}, {"text": "No"}]);
        let poll = checked(&json!({"question": "Tea?", "options": options, "colour": "red"})).unwrap();
        assert_eq!(
            serde_json::to_value(poll).unwrap(),
            json!({"type": "POLL_TYPE_MULTI_CHOICE", "status": "POLL_STATUS_QUEUED", "votes_count": 0,
                   "multi_choice": {"question": "Tea?", "options": [
                       {"text": "Yes", "corrected": true, "votes_count": 0},
                       {"text": "No", "corrected": false, "votes_count": 0}]}})
        );
    }

    #[test]
    fn a_poll_without_a_question_or_a_choice_is_refused_by_the_fields_name() {
        let two = json!([{"text": "Yes"}, {"text": "No"}]);
        for (field, poll) in [
            ("question", json!({"options": two})),
            ("question", json!({"question": " ", "options": two})),
            ("question", json!({"question": "x".repeat(1001), "options": two})),
            ("options", json!({"question": "Tea?"})),
            ("options", json!({"question": "Tea?", "options": [{"text": "Yes"}]})),
            ("options", json!({"question": "Tea?", "options": vec![json!({"text": "Yes"}); 21]})),
            ("options[1].text", json!({"question": "Tea?", "options": [{"text": "Yes"}, {"text": ""}]})),
            (
                "options[1].text is the same",
                json!({"question": "Tea?", "options": [{"text": "Yes"}, {"text": " ＹＥＳ\u{200b}"}]}),
            ),
            (
                "options[2].text is the same as that of options[0]",
                json!({"question": "Tea?", "options": [{"text": "With milk"}, {"text": "No"}, {"text": "with  milk"}]}),
            ),
        ] {
            let error = checked(&poll).unwrap_err();
            assert!(error.contains(&format!("poll.multi_choice.{field}")), "{error}");
        }
    }
}
