//! Facts of the room: the answer of `GET …/chatrooms`, and what was pushed since.

use std::collections::BTreeMap;

use chatroom_wire::{
    Chatroom, Message, MessageId, Payload, RoomId, Time, User, UserId,
    chatroom::{CustomCounter, ViewerInfo},
    payload::{PinUnpin, ViewerMetrics},
    poll::{Poll, PollStatus},
};

/// The room as it is now, as far as it is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoomState {
    /// The room's id, once the service said it.
    pub id: Option<RoomId>,
    /// Whether viewers may not write for now.
    pub muted: bool,
    /// People whose messages are hidden.
    pub blocked: Vec<User>,
    /// Messages at the top of the room.
    pub pinned: Vec<PinUnpin>,
    /// Counters of the application's own.
    pub counters: Vec<CustomCounter>,
    /// The poll that takes votes.
    pub active_poll: Option<Poll>,
    /// The number of viewers that is shown, if it is.
    pub viewer_info: Option<ViewerInfo>,
    /// How many are here now, and have been in all.
    pub viewers: Option<ViewerMetrics>,
    /// The room's moderators by id and name, where the service tells them.
    pub admins: Vec<User>,
}

impl RoomState {
    /// Takes what the service answered for the truth.
    pub(crate) fn replace(&mut self, room: Chatroom) {
        *self = Self {
            id: Some(room.id),
            muted: room.muted,
            blocked: room.blocked_users,
            pinned: room.pinned_messages,
            counters: room.custom_counters,
            active_poll: room.active_poll,
            viewer_info: room.viewer_info,
            viewers: self.viewers.take(),
            admins: room.admins,
        };
    }

    /// Whether a message may say something of the room.
    pub(crate) fn is_told_by(message: &Message) -> bool {
        matches!(message.payload, Payload::CustomCounterUpdate(_)) || Part::of(&message.payload).is_some()
    }

    /// Takes in what a message says of the room. Answers whether the room changed.
    pub(crate) fn fold(&mut self, message: &Message) -> bool {
        match &message.payload {
            Payload::Mute => !std::mem::replace(&mut self.muted, true),
            Payload::Unmute => std::mem::replace(&mut self.muted, false),
            Payload::PinMessage(pin) => {
                let known = self.pinned.iter().any(|other| other.message.id == pin.message.id);
                if !known {
                    self.pinned.push(pin.clone());
                }
                !known
            }
            Payload::UnpinMessage(pin) => shrank(&mut self.pinned, |other| other.message.id == pin.message.id),
            Payload::BlockUser(user) => {
                let known = self.blocked.iter().any(|other| other.id == user.id);
                if !known {
                    self.blocked.push(user.clone());
                }
                !known
            }
            Payload::UnblockUser(user) => shrank(&mut self.blocked, |other| other.id == user.id),
            Payload::PollStarted(Some(news)) | Payload::PollUpdate(Some(news)) => self.poll(&news.poll),
            Payload::PollClosed(Some(news)) | Payload::PollArchived(Some(news)) => {
                self.active_poll.take_if(|poll| poll.id == news.poll.id).is_some()
            }
            Payload::ViewerInfoEnabled(info) => self.viewer_info(true, info.as_ref()),
            Payload::ViewerInfoDisabled(info) => self.viewer_info(false, info.as_ref()),
            Payload::ViewerInfoUpdate(Some(info)) => self.viewer_info(info.enabled, Some(info)),
            Payload::CustomCounterUpdate(counter) => self.counter(counter),
            Payload::BroadcastUpdate(update) => {
                let news = Some(update.viewer_metrics.clone());
                let changed = self.viewers != news;
                self.viewers = news;
                changed
            }
            _ => false,
        }
    }

    fn viewer_info(&mut self, enabled: bool, info: Option<&ViewerInfo>) -> bool {
        let mut news = info.cloned().or_else(|| self.viewer_info.clone()).unwrap_or_default();
        news.enabled = enabled;
        let changed = self.viewer_info.as_ref() != Some(&news);
        self.viewer_info = Some(news);
        changed
    }

    fn poll(&mut self, news: &Poll) -> bool {
        if news.status != PollStatus::Active || self.active_poll.as_ref() == Some(news) {
            return false;
        }
        self.active_poll = Some(news.clone());
        true
    }

    /// Counters may arrive out of order: the greater value or version wins (docs/protocol.md, section D.2).
    fn counter(&mut self, news: &CustomCounter) -> bool {
        match self.counters.iter_mut().find(|counter| counter.key == news.key) {
            Some(counter) => {
                let newer = news.value > counter.value
                    || news.version_number > counter.version_number
                    || news.disabled != counter.disabled;
                if newer {
                    *counter = news.clone();
                }
                newer
            }
            None if news.disabled => false,
            None => {
                self.counters.push(news.clone());
                true
            }
        }
    }
}

/// When each part of the room changed last: messages may come twice and out of order (docs/protocol.md, section D.3), and
/// an old one must not undo a newer one.
#[derive(Debug, Default)]
pub(crate) struct Changes(BTreeMap<Part, Time>);

/// What stands for itself in a room. Counters say themselves which of their values is newer.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Mute,
    Pin(Option<MessageId>),
    Block(Option<UserId>),
    Poll,
    ViewerInfo,
    Viewers,
}

/// So many are remembered: pins and blocks have no end.
const PARTS: usize = 1_000;

impl Changes {
    /// Notes a message. Answers whether nothing newer was said of the same part.
    pub(crate) fn is_news(&mut self, message: &Message) -> bool {
        let (Some(part), Some(at)) = (Part::of(&message.payload), message.received_at) else { return true };
        let last = self.0.entry(part).or_insert(at);
        let news = *last <= at;
        *last = at.max(*last);
        if self.0.len() > PARTS
            && let Some(oldest) = self.0.iter().min_by_key(|(_, at)| **at).map(|(part, _)| part.clone())
        {
            self.0.remove(&oldest);
        }
        news
    }

    /// All before this is settled.
    pub(crate) fn settled(&mut self, until: Option<Time>) {
        self.0.retain(|_, at| Some(*at) > until);
    }
}

impl Part {
    fn of(payload: &Payload) -> Option<Self> {
        Some(match payload {
            Payload::Mute | Payload::Unmute => Self::Mute,
            Payload::PinMessage(pin) | Payload::UnpinMessage(pin) => Self::Pin(pin.message.id.clone()),
            Payload::BlockUser(user) | Payload::UnblockUser(user) => Self::Block(user.id.clone()),
            Payload::PollStarted(_) | Payload::PollClosed(_) | Payload::PollArchived(_) | Payload::PollUpdate(_) => {
                Self::Poll
            }
            Payload::ViewerInfoEnabled(_) | Payload::ViewerInfoDisabled(_) | Payload::ViewerInfoUpdate(_) => {
                Self::ViewerInfo
            }
            Payload::BroadcastUpdate(_) => Self::Viewers,
            _ => return None,
        })
    }
}

fn shrank<T>(list: &mut Vec<T>, goes: impl Fn(&T) -> bool) -> bool {
    let before = list.len();
    list.retain(|item| !goes(item));
    list.len() < before
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(json: &str) -> Message {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn a_mute_is_told_once_and_undone_by_unmute() {
        let mut room = RoomState::default();
        let mute = message(r#"{"type":"INTERACTION_TYPE_MUTE"}"#);
        assert!(room.fold(&mute) && room.muted);
        assert!(!room.fold(&mute));
        assert!(room.fold(&message(r#"{"type":"INTERACTION_TYPE_UNMUTE"}"#)) && !room.muted);
    }

    #[test]
    fn an_older_value_of_a_counter_changes_nothing() {
        let mut room = RoomState::default();
        let counter = |value: i64, version: &str| {
            message(&format!(
                r#"{{"type":"INTERACTION_TYPE_CUSTOM_COUNTER_UPDATE","custom_counter":{{"key":"like","value":{value},"version_number":"{version}"}}}}"#
            ))
        };
        assert!(room.fold(&counter(5, "0005")));
        assert!(!room.fold(&counter(4, "0004")));
        assert!(room.fold(&counter(9, "0009")));
        assert_eq!(room.counters[0].value, 9);
    }

    #[test]
    fn changes_without_end_leave_a_bounded_memory() {
        let mut changes = Changes::default();
        for number in 0..5_000 {
            let second = format!("{:02}:{:02}", number / 60 % 60, number % 60);
            assert!(changes.is_news(&message(&format!(
                r#"{{"type":"INTERACTION_TYPE_PIN_MESSAGE","received_at":"2026-01-01T0{}:{second}Z",
                    "pin_unpin_message":{{"message":{{"id":"{number}"}}}}}}"#,
                number / 3_600
            ))));
        }
        assert_eq!(changes.0.len(), PARTS);
    }

    #[test]
    fn a_pin_stands_once_until_it_is_unpinned() {
        let mut room = RoomState::default();
        let pin = |kind: &str| {
            message(&format!(
                r#"{{"type":"INTERACTION_TYPE_{kind}","pin_unpin_message":{{"message":{{"id":"m1","text":"hi"}}}}}}"#
            ))
        };
        assert!(room.fold(&pin("PIN_MESSAGE")));
        assert!(!room.fold(&pin("PIN_MESSAGE")));
        assert!(room.fold(&pin("UNPIN_MESSAGE")) && room.pinned.is_empty());
    }
}
