//! What the server writes into a message, whatever the sender claimed.

use chatroom_mqtt::ReasonCode;
use chatroom_wire::{Message, MessageId, Time, User, safe_text};
use jiff::Timestamp;
use uuid::Builder;

use super::{Refusal, Speech, Standing};

/// Fields that must not come back as unknown ones: a client that can't be read as a time would slip them through.
const SERVER_FIELDS: [&str; 4] = ["created_at", "sent_at", "received_at", "published_at"];

/// Gives strictly growing times, also if the wall clock goes back or the server starts anew.
#[derive(Debug, Default)]
pub(super) struct Clock {
    last: Option<Timestamp>,
}

impl Clock {
    /// Goes on behind this time, unless it is there already.
    pub(super) fn catch_up(&mut self, last: Option<Timestamp>) {
        self.last = self.last.max(last);
    }

    /// The time that the next message would get.
    pub(super) fn next(&self, wall: Timestamp) -> Timestamp {
        let after_last = self.last.and_then(|last| last.checked_add(jiff::SignedDuration::from_nanos(1)).ok());
        after_last.map_or(wall, |after| after.max(wall))
    }

    /// Gives that time away.
    pub(super) fn tick(&mut self, wall: Timestamp) -> Timestamp {
        let time = self.next(wall);
        self.last = Some(time);
        time
    }
}

/// Overwrites all that the sender says of itself but the name it wants to go by.
pub(super) fn identity(
    message: &mut Message,
    speech: Speech<'_>,
    room: &Standing,
    name_max: usize,
) -> Result<(), Refusal> {
    let author = speech.author;
    let wanted = Some(message.user.custom_name.trim()).filter(|wanted| !safe_text::is_blank(wanted));
    let custom_name = wanted.or(speech.renamed).unwrap_or(&author.name).to_owned();
    if custom_name.chars().count() > name_max {
        return Err(Refusal::for_good(
            ReasonCode::PAYLOAD_FORMAT_INVALID,
            format!("user.custom_name is longer than {name_max} characters"),
        ));
    }
    message.user = User {
        id: Some(author.id.clone()),
        device_id: Some(author.device_id.clone()),
        is_admin: Some(author.is_admin),
        is_guest: Some(author.is_guest),
        blocked: Some(room.is_blocked(&author.id)),
        ..User::named(custom_name)
    };
    Ok(())
}

/// Sets the server's times and takes out any that were claimed.
pub(super) fn times(message: &mut Message, received_at: Timestamp) {
    message.created_at = None;
    message.received_at = Some(Time::nanoseconds(received_at));
    message.published_at = Some(Time::nanoseconds(received_at));
    message.extra.retain(|(name, _)| !SERVER_FIELDS.contains(&name.as_str()));
}

/// A UUID of version 7: sorts by the time it was made.
pub(super) fn new_id(wall: Timestamp, random: [u8; 10]) -> MessageId {
    let milliseconds = u64::try_from(wall.as_millisecond()).unwrap_or(0);
    MessageId::from(Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid().to_string())
}
