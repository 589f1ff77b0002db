//! Own messages on their way out.

use std::{sync::Arc, time::Duration};

use chatroom_mqtt::{PacketId, PublishError, ReasonCode, UserProperties};
use chatroom_wire::{
    Message, MessageId, Payload, Time, User, envelope,
    id::path_fault,
    payload::{CustomMessage, Increment, TextMessage},
    poll::Vote,
    safe_text,
    sticker::StickerMessage,
};
use serde_json::Map;

use crate::{
    Access, Cause, Delivery, Draft, Entry, Event, Kept, LinkId, Rejection, SendError, Session, dating, link::Stage,
    outbox, phase::Phase,
};

/// The vendor's own clients stop here (docs/protocol.md, section A.6).
const LARGEST: usize = 102_400;
/// So many messages may wait for their PUBACKs at once: enough for a full pipe, few enough to send again.
const WINDOW: usize = 20;
/// How long to slow down where the server does not say.
const PAUSE: Duration = Duration::from_secs(1);

impl Session {
    pub(crate) fn queue(&mut self, draft: Draft) -> Result<MessageId, SendError> {
        if matches!(self.phase, Phase::Ended) {
            return Err(SendError::Ended);
        }
        let (draft, id) = match draft {
            Draft::Identified { id, draft } => (*draft, Some(id)),
            draft => (draft, None),
        };
        if let Some(fault) = id.as_ref().and_then(|id| path_fault(id.as_str())) {
            return Err(SendError::Id(fault));
        }
        if id.as_ref().is_some_and(|id| self.outbox.has(id)) {
            return Err(SendError::Duplicate);
        }
        let is_empty = match &draft {
            Draft::Text(text) => safe_text::is_blank(text),
            Draft::Custom(text) => text.is_empty(),
            _ => false,
        };
        if is_empty {
            return Err(SendError::Empty);
        }
        let waiting = self.outbox.len();
        if waiting >= self.options.limits.outbox {
            return Err(SendError::Full(waiting));
        }
        let message = Message { id, ..self.compose(draft) };
        let size = envelope::encode(&message).len();
        if size >= LARGEST {
            return Err(SendError::TooLarge { size, max: LARGEST - 1 });
        }
        Ok(self.enqueue(message))
    }

    pub(crate) fn compose(&mut self, draft: Draft) -> Message {
        Message {
            sent_at: Some(Time::milliseconds(self.now.wall)),
            ..Message::new(User::named(self.own_name()), payload(draft))
        }
    }

    /// Gives a message its place in the outbox, and an id where it has none.
    pub(crate) fn enqueue(&mut self, message: Message) -> MessageId {
        let id = message.id.clone().unwrap_or_else(|| self.ids.make(self.now.wall));
        let message = Message { id: Some(id.clone()), ..message };
        let expires = self.now.mono + self.options.limits.time_to_live;
        let (known, today) = (self.present(), Time::milliseconds(self.now.wall));
        let (after, dated) = match known {
            Some(after) => (after, None),
            None => (Some(dating::before(today)), Some(today)),
        };
        let draft = outbox::Draft { id: id.clone(), message: message.clone(), after, dated, expires };
        if self.options.durable {
            let kept = Kept { message, written_at: today, after: known.flatten() };
            let ticket = self.write(Entry::Keep(Box::new(kept)));
            self.outbox.push_keeping(self.now.mono, ticket, draft);
        } else {
            self.outbox.push(self.now.mono, draft);
            let message = Arc::new(message);
            self.tell(Event::MessageAdded { message, delivery: Some(Delivery::Queued), late: false });
        }
        id
    }

    /// Publishes what waits, as far as the link allows.
    pub(crate) fn publish(&mut self) {
        let name = self.own_name();
        let (now, present) = (self.now.mono, self.present());
        if self.is_handing_over() {
            return;
        }
        let (Phase::Linked(link), Some(config)) = (&mut self.phase, &self.config) else { return };
        let reading = link.stage != Stage::Live || self.history.holds();
        let waits_for_history = reading && self.outbox.has_unknown(now);
        if !link.is_subscribed() || waits_for_history {
            return;
        }
        let mut rejected = Vec::new();
        while link.mqtt.in_flight() < WINDOW {
            let Some(message) = self.outbox.next(now) else { break };
            // The name may have come with the config, after the message was written.
            let message = Message { user: User::named(name.clone()), ..message.clone() };
            let bytes = envelope::encode(&message);
            match link.mqtt.publish(now, config.topic.publish.as_str(), &bytes, link.qos) {
                Ok(packet) => {
                    self.outbox.published(now, link.id, packet, present);
                    message.id.iter().for_each(|id| self.presses.left(id));
                }
                Err(PublishError::QuotaFull | PublishError::NotConnected) => break,
                Err(PublishError::TooLarge { size, max }) => {
                    let word = Delivery::Rejected(Rejection::TooLarge { size, max });
                    rejected.extend(self.outbox.reject_next(now, word));
                }
                Err(error) => {
                    let word = Delivery::Rejected(Rejection::Unsendable(error));
                    rejected.extend(self.outbox.reject_next(now, word));
                }
            }
        }
        for (id, word) in rejected {
            self.settle(id, word, None);
        }
    }

    pub(crate) fn acknowledged(&mut self, link: LinkId, packet: PacketId) {
        if let Some(id) = self.outbox.acknowledged(self.now.mono, link, packet) {
            self.tell(Event::DeliveryChanged { id, delivery: Delivery::Sent, echo: None });
        }
    }

    pub(crate) fn publish_refused(
        &mut self,
        (link, packet): (LinkId, PacketId),
        reason: ReasonCode,
        text: Option<String>,
        properties: &UserProperties,
    ) {
        // "Too fast", and a server in trouble that says when to come back (docs/protocol.md, section I).
        let asked =
            properties.iter().find(|(key, _)| key == "retry-after-ms").and_then(|(_, value)| value.parse().ok());
        let too_fast = matches!(reason, ReasonCode::QUOTA_EXCEEDED | ReasonCode::MESSAGE_RATE_TOO_HIGH);
        if asked.is_some() || too_fast {
            let pause = asked.map_or(PAUSE, Duration::from_millis).min(self.options.limits.time_to_live);
            let until = self.now.mono + pause;
            self.outbox.slow_down(link, packet, until);
            self.tell_delay(Cause::Publish { reason, text }, until);
        } else if let Some((id, word)) =
            self.outbox.refused(self.now.mono, (link, packet), Delivery::Rejected(Rejection::Server { reason, text }))
        {
            self.settle(id, word, None);
        }
    }

    pub(crate) fn handle_outbox_deadlines(&mut self) {
        let history = matches!(self.options.access, Access::Api { .. });
        let overdue = self.outbox.handle_timeout(self.now.mono, self.is_live(), history);
        for (id, delivery) in overdue.ended {
            self.settle(id, delivery, None);
        }
        if overdue.ask_history {
            self.look_up();
        }
    }

    fn own_name(&self) -> String {
        let given = self.options.name.clone();
        given.or_else(|| self.config.as_ref().map(|config| config.user.custom_name.clone())).unwrap_or_default()
    }
}

fn payload(draft: Draft) -> Payload {
    match draft {
        Draft::Text(text) => Payload::Text(TextMessage { text, ..TextMessage::default() }),
        Draft::Custom(value) => Payload::Custom(CustomMessage { value, ..CustomMessage::default() }),
        Draft::Presses { key, count, value } => {
            let incr = Some(Increment { key, value: count, extra: Map::new() });
            Payload::Custom(CustomMessage { value, incr, extra: Map::new() })
        }
        Draft::Sticker { pack, id } => {
            Payload::Sticker(Some(StickerMessage { sticker_pack_id: pack, id, text: String::new(), extra: Map::new() }))
        }
        Draft::Identified { draft, .. } => payload(*draft),
        Draft::Vote { poll, options } => {
            Payload::PollUserVote(Some(Vote { poll_id: poll, option_ids: options, extra: Map::new() }))
        }
    }
}
