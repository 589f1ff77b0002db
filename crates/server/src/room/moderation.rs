//! What moderators do with people and messages. Pure: what it comes to, by how the room is now.

use chatroom_wire::{
    DictionaryId, Kind, Message, MessageId, Payload, StickerPackId, User, UserId,
    payload::{DeleteMessage, PinUnpin, PinnedMessage},
};
use jiff::Timestamp;
use serde_json::Map;

use super::{act::ActError, notice, plan::Plan};
use crate::{
    rules::{Author, Standing},
    store::{Audience, Change, ViewerInfoRecord},
};

pub(super) fn mute(room: &Standing, muted: bool) -> Plan {
    if room.record().muted == muted {
        return Plan::nothing();
    }
    Plan::announce(if muted { Payload::Mute } else { Payload::Unmute }, Change::Muted(muted))
}

pub(super) fn block(room: &Standing, by: &Author, user: User, max: u32) -> Result<Plan, ActError> {
    let Some(id) = user.id else { return Err(ActError::Invalid("the user has no id".into())) };
    if room.is_blocked(&id) {
        return Ok(Plan::nothing());
    }
    if room.record().blocked_users.len() >= size(max) {
        return Err(ActError::Exhausted(format!("{max} users are blocked; that is the most").into()));
    }
    let user = User {
        id: Some(id),
        device_id: user.device_id,
        blocked: Some(true),
        action_taker: Some(Box::new(notice::actor(by))),
        ..User::named(user.custom_name)
    };
    Ok(Plan::announce(Payload::BlockUser(user.clone()), Change::Block(user)))
}

pub(super) fn unblock(room: &Standing, by: &Author, id: UserId) -> Plan {
    let Some(user) = room.record().blocked_users.iter().find(|user| user.id.as_ref() == Some(&id)) else {
        return Plan::nothing();
    };
    let action_taker = Some(Box::new(notice::actor(by)));
    let user = User { blocked: Some(false), action_taker, ..user.clone() };
    Plan::announce(Payload::UnblockUser(user), Change::Unblock(id))
}

/// `found` is the message as the log has it.
pub(super) fn pin(
    room: &Standing,
    by: &Author,
    id: &MessageId,
    found: Option<(Message, Audience)>,
    max: u32,
) -> Result<Plan, ActError> {
    if pinned(room, id).is_some() {
        return Ok(Plan::nothing());
    }
    // What is hidden is hidden from moderators too: to pin it would show it to everybody.
    let Some((message, Audience::Everyone)) = found else { return Err(NO_MESSAGE) };
    let Some(text) = message.text() else {
        return Err(ActError::Precondition("only a message with a text can be pinned".into()));
    };
    if room.record().pinned_messages.len() >= size(max) {
        return Err(ActError::Exhausted(format!("{max} messages are pinned; that is the most").into()));
    }
    let text = text.to_owned();
    let sender =
        User { id: message.user.id, device_id: message.user.device_id, ..User::named(message.user.custom_name) };
    let pin = PinUnpin {
        message: PinnedMessage { id: Some(id.clone()), text, sender: Some(sender), extra: Map::new() },
        action_taker: Some(notice::actor(by)),
        extra: Map::new(),
    };
    Ok(Plan::announce(Payload::PinMessage(pin.clone()), Change::Pin(pin)))
}

/// `is_there` is whether the log still has the message.
pub(super) fn unpin(room: &Standing, by: User, id: MessageId, is_there: bool) -> Plan {
    let Some(pin) = pinned(room, &id) else { return Plan::nothing() };
    let mut pin = PinUnpin { action_taker: Some(by), ..pin.clone() };
    if !is_there {
        forget_quote(&mut pin);
    }
    Plan::announce(Payload::UnpinMessage(pin), Change::Unpin(id))
}

/// Takes out what is said by and of its sender: it must not go out once more when the message is gone.
fn forget_quote(pin: &mut PinUnpin) {
    pin.message.text.clear();
    pin.message.sender = Some(User::named(""));
}

/// `found` is the message's type as the log has it; none if it is deleted.
pub(super) fn delete(room: &Standing, by: &Author, id: MessageId, found: Option<Kind>) -> Result<Plan, ActError> {
    let Some(kind) = found else { return Ok(Plan::nothing()) };
    if !matches!(kind, Kind::Text | Kind::Custom | Kind::Sticker | Kind::PollUserVote) {
        return Err(ActError::Precondition("only what people said can be deleted".into()));
    }
    let deleted = Payload::DeleteMessage(DeleteMessage { id: id.clone(), extra: Map::new() });
    let plan = unpin(room, notice::actor(by), id.clone(), false);
    Ok(plan.and_announce(deleted, Change::Delete(id)))
}

pub(super) fn rename(room: &Standing, by: &Author, name: &str, max: u32) -> Result<Plan, ActError> {
    let name = name.trim();
    if chatroom_wire::safe_text::is_blank(name) || name.chars().count() > size(max) {
        return Err(ActError::Invalid(format!("a name has 1 to {max} characters").into()));
    }
    let rename = Change::Rename { user: by.id.clone(), name: name.to_owned() };
    let known = by.is_admin.then(|| room.admin_name(&by.id, name)).flatten();
    Ok(Plan::silently([rename].into_iter().chain(known)))
}

/// `count` is the number of people who are here. While it is hidden, 0 stands there: what is hidden is not told.
pub(super) fn show_viewers(room: &Standing, shown: bool, count: i64, at: Timestamp) -> Plan {
    let now = room.record().viewer_info;
    if now.enabled == shown {
        return Plan::nothing();
    }
    let info = ViewerInfoRecord {
        enabled: shown,
        count: if shown { count } else { 0 },
        version: now.version + 1,
        updated_at: Some(at),
    };
    let told = Some(notice::viewer_info(&info));
    let payload = if shown { Payload::ViewerInfoEnabled(told) } else { Payload::ViewerInfoDisabled(told) };
    Plan::announce(payload, Change::ViewerInfo(info))
}

pub(super) fn use_dictionaries(room: &Standing, ids: Vec<DictionaryId>, used: bool) -> Plan {
    let known = &room.record().dictionaries;
    Plan::silently(ids.into_iter().filter(|id| known.contains(id) != used).map(|id| Change::Dictionary(id, used)))
}

pub(super) fn use_pack(room: &Standing, id: StickerPackId, used: bool) -> Plan {
    if room.uses_pack(&id) == used { Plan::nothing() } else { Plan::silently([Change::StickerPack(id, used)]) }
}

pub(super) const NO_MESSAGE: ActError = ActError::NotFound("there is no such message");

fn pinned<'a>(room: &'a Standing, id: &MessageId) -> Option<&'a PinUnpin> {
    room.record().pinned_messages.iter().find(|pin| pin.message.id.as_ref() == Some(id))
}

pub(super) fn size(max: u32) -> usize {
    usize::try_from(max).unwrap_or(usize::MAX)
}
