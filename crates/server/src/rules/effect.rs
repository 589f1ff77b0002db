//! What a message does in the room beside being said: presses count, votes are cast, stickers get their text, words are
//! filtered. Judged by how the room is now.

use chatroom_mqtt::ReasonCode;
use chatroom_wire::{
    OptionId, Payload,
    payload::{CustomMessage, Increment},
    poll::{PollKind, Vote},
    sticker::StickerMessage,
};
use serde::de::IgnoredAny;

use super::{Author, Refusal, Standing};
use crate::{
    filter::Lexicon,
    stickers,
    store::{Audience, Change},
};

/// Who gets to see a message, and what changes with it.
#[derive(Debug)]
pub(super) struct Effect {
    pub(super) audience: Audience,
    pub(super) changes: Vec<Change>,
}

/// Judges a message by how the room is, and writes into it what only the server may say.
pub(super) fn of(
    payload: &mut Payload,
    author: &Author,
    room: &Standing,
    words: &Lexicon,
    max_increment: u32,
) -> Result<Effect, Refusal> {
    let is_vote = matches!(payload, Payload::PollUserVote(_));
    if room.record().muted && !author.is_admin && !is_vote {
        return Err(Refusal::for_good(ReasonCode::NOT_AUTHORIZED, "the room is muted"));
    }
    let change = match payload {
        Payload::Text(text) => {
            text.filtered = words.matches(&room.record().dictionaries, &text.text).then_some(true);
            None
        }
        Payload::Custom(custom) => presses(custom, room, max_increment)?,
        Payload::PollUserVote(vote) => Some(cast(vote.as_ref(), author, room)?),
        Payload::Sticker(sticker) => {
            write_text(sticker.as_mut(), room)?;
            None
        }
        _ => None,
    };
    let blocked = room.is_blocked(&author.id);
    Ok(Effect {
        audience: if blocked || is_vote { Audience::Author } else { Audience::Everyone },
        changes: change.into_iter().filter(|_| !blocked).collect(),
    })
}

/// How a message counts, if it is a press.
fn presses(custom: &CustomMessage, room: &Standing, max: u32) -> Result<Option<Change>, Refusal> {
    let Some(Increment { key, value, .. }) = &custom.incr else { return Ok(None) };
    let by = batch(&custom.value).unwrap_or(*value);
    if !(1..=i64::from(max)).contains(&by) {
        return Err(malformed(format!("a counter is pressed 1 to {max} times by one message, not {by}")));
    }
    match room.counter(key) {
        Some(counter) if !counter.disabled => Ok(Some(Change::Count { key: key.clone(), by })),
        Some(_) => Err(malformed("this counter counts no more")),
        None => Err(malformed("the room has no such counter")),
    }
}

/// How many presses a value holds, if it is a batch of them.
fn batch(value: &str) -> Option<i64> {
    if !value.trim_start().starts_with('[') {
        return None;
    }
    let presses: Vec<IgnoredAny> = serde_json::from_str(value).ok()?;
    i64::try_from(presses.len()).ok().filter(|count| *count > 0)
}

fn cast(vote: Option<&Vote>, author: &Author, room: &Standing) -> Result<Change, Refusal> {
    let Some(vote) = vote else {
        return Err(malformed("poll_user_vote is missing, or of the wrong form"));
    };
    let active = room.record().active_poll.as_ref().filter(|poll| poll.id.as_ref() == Some(&vote.poll_id));
    let Some(poll) = active else { return Err(malformed("this poll takes no votes now")) };
    let chosen = &vote.option_ids;
    let wrong = if chosen.is_empty() {
        Some("a vote chooses at least one option")
    } else if chosen.len() > 1 && poll.kind == PollKind::SingleChoice {
        Some("this poll takes one option only")
    } else if !all_differ(chosen) {
        Some("a vote chooses each option once")
    } else if !chosen.iter().all(|id| poll.multi_choice.options.iter().any(|option| option.id.as_ref() == Some(id))) {
        Some("the poll has no such option")
    } else {
        None
    };
    match wrong {
        Some(text) => Err(malformed(text)),
        None => Ok(Change::Vote { user: author.id.clone(), poll: vote.poll_id.clone(), options: chosen.clone() }),
    }
}

fn all_differ(ids: &[OptionId]) -> bool {
    let mut ids: Vec<&OptionId> = ids.iter().collect();
    ids.sort_unstable();
    ids.is_sorted_by(|one, other| one < other)
}

fn write_text(sticker: Option<&mut StickerMessage>, room: &Standing) -> Result<(), Refusal> {
    let Some(sticker) = sticker else {
        return Err(malformed("sticker_message is missing, or of the wrong form"));
    };
    if !room.uses_pack(&sticker.sticker_pack_id) {
        return Err(malformed("the room does not use this pack of stickers"));
    }
    let Some(known) = stickers::find(&sticker.sticker_pack_id, &sticker.id) else {
        return Err(malformed("there is no such sticker"));
    };
    sticker.text = known.text;
    Ok(())
}

fn malformed(text: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::for_good(ReasonCode::PAYLOAD_FORMAT_INVALID, text)
}
