//! The life of polls: queued, active, closed, archived. Pure: what an act comes to, by how the room is now.

use chatroom_wire::{
    OptionId, Payload, PollId, Time,
    poll::{MultiChoice, Poll, PollMessage, PollOption, PollStatus},
    rest::PollAction,
};
use jiff::Timestamp;
use serde_json::Map;

use super::{
    act::{ActError, Done},
    moderation::size,
    notice,
    plan::Plan,
};
use crate::{
    Settings,
    rules::{Author, Standing},
    store::Change,
};

/// `count` is the number of polls that the room has.
pub(super) fn create(
    poll: Poll,
    count: usize,
    settings: &Settings,
    new_id: &mut dyn FnMut() -> String,
) -> Result<Plan, ActError> {
    check(&poll, settings)?;
    if count >= size(settings.polls_max) {
        return Err(ActError::Exhausted(format!("the room has {count} polls; that is the most").into()));
    }
    let id = PollId::from(new_id());
    Ok(write(written(poll, id, &[], new_id)))
}

/// `known` is the poll as it was.
pub(super) fn update(
    poll: Poll,
    known: Option<Poll>,
    settings: &Settings,
    new_id: &mut dyn FnMut() -> String,
) -> Result<Plan, ActError> {
    let (Some(known), Some(id)) = (known, poll.id.clone()) else { return Err(NO_POLL) };
    if known.status != PollStatus::Queued {
        return Err(ActError::Precondition("only a queued poll can be changed".into()));
    }
    check(&poll, settings)?;
    Ok(write(written(poll, id, &known.multi_choice.options, new_id)))
}

pub(super) fn delete(id: PollId, known: Option<&Poll>) -> Result<Plan, ActError> {
    match known {
        None => Err(NO_POLL),
        Some(poll) if poll.status == PollStatus::Active => {
            Err(ActError::Precondition("an active poll must be closed before it can be deleted".into()))
        }
        Some(_) => Ok(Plan::silently([Change::DeletePoll(id)])),
    }
}

/// `known` is the poll as it is, with all votes so far.
pub(super) fn step(
    room: &Standing,
    by: &Author,
    known: Option<Poll>,
    action: PollAction,
    at: Timestamp,
) -> Result<Plan, ActError> {
    let mut poll = known.ok_or(NO_POLL)?;
    let (from, to) = match action {
        PollAction::Start => (PollStatus::Queued, PollStatus::Active),
        PollAction::Close => (PollStatus::Active, PollStatus::Closed),
        PollAction::Archive => (PollStatus::Closed, PollStatus::Archived),
    };
    if poll.status == to {
        return Ok(Plan::nothing().answer(Done::Poll(Box::new(poll))));
    }
    if poll.status != from {
        let text =
            format!("the poll is {}; only one that is {} can become {}", name(poll.status), name(from), name(to));
        return Err(ActError::Precondition(text.into()));
    }
    if to == PollStatus::Active && room.record().active_poll.is_some() {
        return Err(ActError::Precondition("another poll is active in this room".into()));
    }
    poll.status = to;
    match action {
        PollAction::Start => poll.started_at = Some(Time::nanoseconds(at)),
        PollAction::Close => poll.ended_at = Some(Time::nanoseconds(at)),
        PollAction::Archive => {}
    }
    let told = Some(PollMessage { poll: poll.for_viewers(), action_taker: Some(notice::actor(by)), extra: Map::new() });
    let payload = match action {
        PollAction::Start => Payload::PollStarted(told),
        PollAction::Close => Payload::PollClosed(told),
        PollAction::Archive => Payload::PollArchived(told),
    };
    Ok(Plan::announce(payload, Change::Poll(poll.clone())).answer(Done::Poll(Box::new(poll))))
}

const NO_POLL: ActError = ActError::NotFound("there is no such poll");

fn write(poll: Poll) -> Plan {
    Plan::silently([Change::Poll(poll.clone())]).answer(Done::Poll(Box::new(poll)))
}

fn check(poll: &Poll, settings: &Settings) -> Result<(), ActError> {
    let MultiChoice { question, options, .. } = &poll.multi_choice;
    let (text_max, options_max) = (settings.text_max, settings.poll_options_max);
    let fits = |text: &str| !chatroom_wire::safe_text::is_blank(text) && text.chars().count() <= size(text_max);
    let wrong = if !fits(question) {
        format!("the question of a poll has 1 to {text_max} characters")
    } else if !(2..=size(options_max)).contains(&options.len()) {
        format!("a poll has 2 to {options_max} options")
    } else if !options.iter().all(|option| fits(&option.text)) {
        format!("an option of a poll has 1 to {text_max} characters")
    } else {
        return Ok(());
    };
    Err(ActError::Invalid(wrong.into()))
}

/// A queued poll with what the caller may say of it. An option that the poll had keeps its id.
fn written(poll: Poll, id: PollId, known: &[PollOption], new_id: &mut dyn FnMut() -> String) -> Poll {
    let mut kept: Vec<OptionId> = Vec::new();
    let options = poll.multi_choice.options.into_iter().map(|option| {
        let same = |id: &OptionId| known.iter().any(|known| known.id.as_ref() == Some(id)) && !kept.contains(id);
        let id = option.id.filter(same).unwrap_or_else(|| OptionId::from(new_id()));
        kept.push(id.clone());
        PollOption { id: Some(id), text: option.text, corrected: option.corrected, votes_count: 0, extra: Map::new() }
    });
    let options = options.collect();
    Poll {
        id: Some(id),
        kind: poll.kind,
        status: PollStatus::Queued,
        multi_choice: MultiChoice { question: poll.multi_choice.question, options, extra: Map::new() },
        ..Poll::default()
    }
}

fn name(status: PollStatus) -> &'static str {
    match status {
        PollStatus::Queued => "queued",
        PollStatus::Active => "active",
        PollStatus::Closed => "closed",
        PollStatus::Archived => "archived",
    }
}
