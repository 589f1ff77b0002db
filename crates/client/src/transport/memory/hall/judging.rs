//! What may be said in a room in memory, and what follows from it.

use chatroom_mqtt::{InboundPublish, ReasonCode};
use chatroom_wire::{
    Message, Payload,
    chatroom::CustomCounter,
    envelope,
    payload::{CustomMessage, Increment},
};
use serde_json::Value;

use super::{Hall, LinkId, PUBLISH};

/// The most by which one message counts, as `chatroom serve` has it unless told otherwise.
const INCREMENT_MAX: i64 = 25_600;

type Refusal = (ReasonCode, &'static str);

impl Hall {
    /// The message as it is to go out; none if it went out before.
    pub(super) fn judge(&self, link: LinkId, publish: &InboundPublish) -> Result<Option<Message>, Refusal> {
        let guest = self.links.get(&link).and_then(|guest| guest.connected.as_ref());
        let Some((_, user)) = guest.filter(|_| publish.topic == PUBLISH) else {
            return Err((ReasonCode::NOT_AUTHORIZED, "this topic may not be published to"));
        };
        let mut elements = envelope::decode(&publish.payload).unwrap_or_default();
        let Some(Ok(mut message)) = elements.pop() else {
            return Err((ReasonCode::PAYLOAD_FORMAT_INVALID, "this is no message"));
        };
        let is_vote = matches!(message.payload, Payload::PollUserVote(_));
        if self.room.muted && !user.is_admin() && !is_vote {
            return Err((ReasonCode::NOT_AUTHORIZED, "the room is muted"));
        }
        let name = std::mem::take(&mut message.user.custom_name);
        message.user = user.clone();
        if !name.is_empty() {
            message.user.custom_name = name;
        }
        let id = message.id.clone();
        if id.is_some_and(|id| self.known.contains(&(user.id.clone(), id))) {
            return Ok(None);
        }
        match &message.payload {
            Payload::Text(_) => {}
            Payload::Custom(CustomMessage { incr: Some(incr), value, .. }) => self.judge_press(incr, value)?,
            Payload::Custom(_) => {}
            Payload::Sticker(Some(_)) => {}
            Payload::PollUserVote(Some(vote)) => {
                self.judge_vote(vote).map_err(|text| (ReasonCode::PAYLOAD_FORMAT_INVALID, text))?;
            }
            _ => return Err((ReasonCode::PAYLOAD_FORMAT_INVALID, "clients do not write messages of this type")),
        }
        Ok(Some(message))
    }

    fn judge_press(&self, incr: &Increment, value: &str) -> Result<(), Refusal> {
        let known = self.room.custom_counters.iter().any(|counter| counter.key == incr.key && !counter.disabled);
        if !known {
            return Err((ReasonCode::PAYLOAD_FORMAT_INVALID, "the room has no such counter"));
        }
        if !(1..=INCREMENT_MAX).contains(&presses(incr, value)) {
            return Err((ReasonCode::PAYLOAD_FORMAT_INVALID, "a message counts for 1 to 25600 presses"));
        }
        Ok(())
    }

    /// Says what was judged good, and what follows from it.
    pub(in super::super) fn say(&mut self, mut message: Message) {
        let author = message.user.id.clone();
        let blocked = self.room.blocked_users.iter().any(|blocked| blocked.id == author);
        if blocked {
            message.user.blocked = Some(true);
        }
        let payload = message.payload.clone();
        let hidden = blocked || matches!(payload, Payload::PollUserVote(_));
        self.publish(message, author.as_ref().filter(|_| hidden));
        match payload {
            _ if blocked => {}
            Payload::Custom(CustomMessage { incr: Some(incr), value, .. }) => self.count(&incr, &value),
            Payload::PollUserVote(Some(vote)) => self.vote(author, vote),
            _ => {}
        }
    }

    fn count(&mut self, incr: &Increment, value: &str) {
        let (version_number, updated_at) = (self.version(), Some(self.stamp()));
        let counter = self.room.custom_counters.iter().find(|counter| counter.key == incr.key);
        if let Some(counter) = counter.cloned() {
            let value = counter.value.saturating_add(presses(incr, value));
            let counter = CustomCounter { value, version_number, updated_at, ..counter };
            self.publish_as_system(Payload::CustomCounterUpdate(counter));
        }
    }
}

/// A batch of presses counts its elements.
fn presses(incr: &Increment, value: &str) -> i64 {
    match serde_json::from_str::<Vec<Value>>(value) {
        Ok(batch) if !batch.is_empty() => i64::try_from(batch.len()).unwrap_or(i64::MAX),
        _ => incr.value,
    }
}
