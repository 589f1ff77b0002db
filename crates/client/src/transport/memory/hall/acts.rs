//! What moderators do in a room in memory, and what it does to the room.

use chatroom_wire::{
    Message, MessageId, Payload, User, UserId,
    chatroom::ViewerInfo,
    payload::{DeleteMessage, PinUnpin, PinnedMessage},
};
use serde_json::Map;

use super::Hall;

/// Why an act was refused: an HTTP status, a gRPC code, and words.
pub(super) type Refusal = (u16, i32, &'static str);

impl Hall {
    /// Muting twice is muting once; so with all acts.
    pub(super) fn mute(&mut self, actor: User, muted: bool) {
        if self.room.muted != muted {
            self.publish(Message::new(actor, if muted { Payload::Mute } else { Payload::Unmute }), None);
        }
    }

    pub(super) fn block(&mut self, actor: User, user: User) -> Result<(), Refusal> {
        let Some(id) = user.id else { return Err((400, 3, "blocked_user.id is missing")) };
        if self.room.blocked_users.iter().all(|blocked| blocked.id.as_ref() != Some(&id)) {
            let known = self.people.values().find(|known| known.id.as_ref() == Some(&id));
            let custom_name = known.map_or(user.custom_name, |known| known.custom_name.clone());
            let device_id = known.and_then(|known| known.device_id.clone()).or(user.device_id);
            let action_taker = Some(Box::new(actor.clone()));
            let blocked =
                User { id: Some(id), device_id, custom_name, blocked: Some(true), action_taker, ..User::default() };
            self.publish(Message::new(actor, Payload::BlockUser(blocked)), None);
        }
        Ok(())
    }

    pub(super) fn unblock(&mut self, actor: User, id: Option<&UserId>) -> Result<(), Refusal> {
        let Some(id) = id else { return Err((400, 3, "unblocked_user.id is missing")) };
        let blocked = self.room.blocked_users.iter().find(|blocked| blocked.id.as_ref() == Some(id)).cloned();
        if let Some(user) = blocked {
            let action_taker = Some(Box::new(actor.clone()));
            let user = User { blocked: Some(false), action_taker, ..user };
            self.publish(Message::new(actor, Payload::UnblockUser(user)), None);
        }
        Ok(())
    }

    /// Pins a text as it was said, whatever the call says of it.
    pub(super) fn pin(&mut self, actor: User, id: Option<&MessageId>) -> Result<(), Refusal> {
        let Some(id) = id else { return Err((400, 3, "pinned_message.message.id is missing")) };
        let said = self.said.iter().find(|said| said.message.id.as_ref() == Some(id) && said.only.is_none());
        let Some(Message { id: Some(id), payload, user, .. }) = said.map(|said| said.message.clone()) else {
            return Err((404, 5, "there is no such message"));
        };
        let Payload::Text(text) = payload else { return Err((400, 9, "only a text can be pinned")) };
        if self.pinned(&id).is_none() {
            let User { id: sender, device_id, custom_name, .. } = user;
            let sender = User { id: sender, device_id, custom_name, ..User::default() };
            let message = PinnedMessage { id: Some(id), text: text.text, sender: Some(sender), extra: Map::new() };
            let pin = PinUnpin { message, action_taker: Some(actor.clone()), extra: Map::new() };
            self.publish(Message::new(actor, Payload::PinMessage(pin)), None);
        }
        Ok(())
    }

    pub(super) fn unpin(&mut self, actor: User, id: &MessageId) {
        if let Some(pin) = self.pinned(id).cloned() {
            let pin = PinUnpin { action_taker: Some(actor.clone()), ..pin };
            self.publish(Message::new(actor, Payload::UnpinMessage(pin)), None);
        }
    }

    pub(super) fn delete(&mut self, actor: User, id: &MessageId) -> Result<(), Refusal> {
        if self.said.iter().any(|said| said.message.id.as_ref() == Some(id)) {
            // What is quoted of it goes with it.
            self.room.pinned_messages.iter_mut().for_each(|pin| forget_quote(pin, id));
            self.unpin(actor.clone(), id);
            let deleted = DeleteMessage { id: id.clone(), extra: Map::new() };
            self.publish(Message::new(actor, Payload::DeleteMessage(deleted)), None);
        } else if !self.known.iter().any(|(_, known)| known == id) {
            return Err((404, 5, "there is no such message"));
        }
        Ok(())
    }

    /// Somebody's name from now on.
    pub(super) fn rename(&mut self, id: Option<&UserId>, name: &str) -> Result<(), Refusal> {
        if chatroom_wire::safe_text::is_blank(name) {
            return Err((400, 3, "custom_name is empty"));
        }
        let connected = self.links.values_mut().filter_map(|guest| guest.connected.as_mut()).map(|(_, user)| user);
        for user in self.people.values_mut().chain(connected).filter(|user| user.id.as_ref() == id) {
            name.clone_into(&mut user.custom_name);
        }
        Ok(())
    }

    pub(super) fn show_viewers(&mut self, actor: User, enabled: bool) {
        if self.room.viewer_info.as_ref().is_some_and(|info| info.enabled) == enabled {
            return;
        }
        let info = Some(ViewerInfo {
            enabled,
            count: i64::try_from(self.connections()).unwrap_or(i64::MAX),
            version_number: self.version(),
            updated_at: Some(self.stamp()),
            extra: Map::new(),
        });
        let payload = if enabled { Payload::ViewerInfoEnabled(info) } else { Payload::ViewerInfoDisabled(info) };
        self.publish(Message::new(actor, payload), None);
    }

    /// Takes in what a message says of the room.
    pub(super) fn fold(&mut self, message: &Message) {
        let room = &mut self.room;
        room.updated_at = message.received_at;
        match &message.payload {
            Payload::Mute => room.muted = true,
            Payload::Unmute => room.muted = false,
            Payload::PinMessage(pin) => {
                room.pinned_messages.retain(|other| other.message.id != pin.message.id);
                room.pinned_messages.push(pin.clone());
            }
            Payload::UnpinMessage(pin) => room.pinned_messages.retain(|other| other.message.id != pin.message.id),
            Payload::BlockUser(user) => {
                room.blocked_users.retain(|other| other.id != user.id);
                room.blocked_users.push(user.clone());
            }
            Payload::UnblockUser(user) => room.blocked_users.retain(|other| other.id != user.id),
            Payload::DeleteMessage(deleted) => {
                self.said.retain(|said| said.message.id.as_ref() != Some(&deleted.id));
                for said in &mut self.said {
                    if let Payload::PinMessage(pin) | Payload::UnpinMessage(pin) = &mut said.message.payload {
                        forget_quote(pin, &deleted.id);
                    }
                }
            }
            Payload::ViewerInfoEnabled(info) | Payload::ViewerInfoDisabled(info) => {
                room.viewer_info.clone_from(info);
            }
            Payload::ViewerInfoUpdate(info) => room.viewer_info.clone_from(info),
            Payload::CustomCounterUpdate(counter) => {
                room.custom_counters.retain(|other| other.key != counter.key);
                room.custom_counters.push(counter.clone());
                room.custom_counters.sort_by(|one, other| one.key.cmp(&other.key));
            }
            Payload::PollStarted(Some(news)) => room.active_poll = Some(news.poll.clone()),
            Payload::PollUpdate(Some(news)) => room.active_poll = Some(news.poll.clone()),
            Payload::PollClosed(_) => room.active_poll = None,
            _ => {}
        }
    }

    fn pinned(&self, id: &MessageId) -> Option<&PinUnpin> {
        self.room.pinned_messages.iter().find(|pin| pin.message.id.as_ref() == Some(id))
    }
}

/// Takes out what a pin says by and of the sender of this message.
fn forget_quote(pin: &mut PinUnpin, id: &MessageId) {
    if pin.message.id.as_ref() == Some(id) {
        pin.message.text.clear();
        pin.message.sender = Some(User::named(""));
    }
}
