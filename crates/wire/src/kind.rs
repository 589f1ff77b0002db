//! The types of messages: their names, their numbers, the keys of their payloads.

use crate::{Payload, RawJson};

/// A message's type (docs/protocol.md, section D.1).
///
/// ```
/// use chatroom_wire::Kind;
///
/// assert_eq!(Kind::from_name("INTERACTION_TYPE_MUTE"), Some(Kind::Mute));
/// assert_eq!(Kind::from_number(12), None, "numbers beyond 5 are not certain");
/// assert_eq!(Kind::Text.payload_key(), Some("text_message"));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is described at its variant of Payload")]
pub enum Kind {
    Text,
    Mute,
    Unmute,
    PinMessage,
    UnpinMessage,
    DeleteMessage,
    BlockUser,
    UnblockUser,
    PollStarted,
    PollClosed,
    PollArchived,
    PollUpdate,
    PollUserVote,
    Sticker,
    ViewerInfoEnabled,
    ViewerInfoDisabled,
    ViewerInfoUpdate,
    Custom,
    Entrance,
    CustomCounterUpdate,
    BroadcastUpdate,
    Unknown,
}

/// Each known type with its name and its payload's key, in the order of the REST parameter `types`.
const TABLE: [(Kind, &str, Option<&str>); 21] = [
    (Kind::Text, "INTERACTION_TYPE_TEXT", Some("text_message")),
    (Kind::Mute, "INTERACTION_TYPE_MUTE", None),
    (Kind::Unmute, "INTERACTION_TYPE_UNMUTE", None),
    (Kind::PinMessage, "INTERACTION_TYPE_PIN_MESSAGE", Some("pin_unpin_message")),
    (Kind::UnpinMessage, "INTERACTION_TYPE_UNPIN_MESSAGE", Some("pin_unpin_message")),
    (Kind::DeleteMessage, "INTERACTION_TYPE_DELETE_MESSAGE", Some("delete_message")),
    (Kind::BlockUser, "INTERACTION_TYPE_BLOCK_USER", Some("block_unblock_user")),
    (Kind::UnblockUser, "INTERACTION_TYPE_UNBLOCK_USER", Some("block_unblock_user")),
    (Kind::PollStarted, "INTERACTION_TYPE_POLL_STARTED", Some("poll_message")),
    (Kind::PollClosed, "INTERACTION_TYPE_POLL_CLOSED", Some("poll_message")),
    (Kind::PollArchived, "INTERACTION_TYPE_POLL_ARCHIVED", Some("poll_message")),
    (Kind::PollUpdate, "INTERACTION_TYPE_POLL_UPDATE", Some("poll_message")),
    (Kind::PollUserVote, "INTERACTION_TYPE_POLL_USER_VOTE", Some("poll_user_vote")),
    (Kind::Sticker, "INTERACTION_TYPE_STICKER", Some("sticker_message")),
    (Kind::ViewerInfoEnabled, "INTERACTION_TYPE_VIEWER_INFO_ENABLED", Some("viewer_info")),
    (Kind::ViewerInfoDisabled, "INTERACTION_TYPE_VIEWER_INFO_DISABLED", Some("viewer_info")),
    (Kind::ViewerInfoUpdate, "INTERACTION_TYPE_VIEWER_INFO_UPDATE", Some("viewer_info")),
    (Kind::Custom, "INTERACTION_TYPE_CUSTOM", Some("custom_message")),
    (Kind::Entrance, "INTERACTION_TYPE_ENTRANCE", Some("entrance_message")),
    (Kind::CustomCounterUpdate, "INTERACTION_TYPE_CUSTOM_COUNTER_UPDATE", Some("custom_counter")),
    (Kind::BroadcastUpdate, "INTERACTION_TYPE_BROADCAST_UPDATE", Some("broadcast_message")),
];

/// The numbers on which the sample and the REST description agree: 1 to 5.
const NUMBERED: [Kind; 5] = [Kind::Text, Kind::Mute, Kind::Unmute, Kind::PinMessage, Kind::UnpinMessage];

impl Kind {
    /// Every type that this version knows.
    pub fn known() -> impl Iterator<Item = Self> {
        TABLE.iter().map(|(kind, _, _)| *kind)
    }

    /// The name on the wire; empty for [`Kind::Unknown`].
    pub fn name(self) -> &'static str {
        self.row().map_or("", |row| row.1)
    }

    /// The type of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.1 == name).map(|row| row.0)
    }

    /// The type of this number. Only 1 to 5 are certain (docs/protocol.md, section D.1).
    pub fn from_number(number: u64) -> Option<Self> {
        NUMBERED.get(usize::try_from(number.checked_sub(1)?).ok()?).copied()
    }

    /// Under which key the payload stands, where that is known.
    pub fn payload_key(self) -> Option<&'static str> {
        self.row().and_then(|row| row.2)
    }

    /// Reads what stands in `type`: a name, or a number from 1 to 5.
    pub(crate) fn read(raw: &RawJson) -> Option<Self> {
        let text = raw.as_str();
        match text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
            Some(name) if !name.contains('\\') => Self::from_name(name),
            Some(_) => Self::from_name(&raw.parse::<String>().ok()?),
            None => Self::from_number(text.parse().ok()?),
        }
    }

    fn row(self) -> Option<&'static (Self, &'static str, Option<&'static str>)> {
        TABLE.iter().find(|row| row.0 == self)
    }
}

impl Payload {
    /// The type of message that carries this.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Text(_) => Kind::Text,
            Self::Mute => Kind::Mute,
            Self::Unmute => Kind::Unmute,
            Self::PinMessage(_) => Kind::PinMessage,
            Self::UnpinMessage(_) => Kind::UnpinMessage,
            Self::DeleteMessage(_) => Kind::DeleteMessage,
            Self::BlockUser(_) => Kind::BlockUser,
            Self::UnblockUser(_) => Kind::UnblockUser,
            Self::PollStarted(_) => Kind::PollStarted,
            Self::PollClosed(_) => Kind::PollClosed,
            Self::PollArchived(_) => Kind::PollArchived,
            Self::PollUpdate(_) => Kind::PollUpdate,
            Self::PollUserVote(_) => Kind::PollUserVote,
            Self::Sticker(_) => Kind::Sticker,
            Self::ViewerInfoEnabled(_) => Kind::ViewerInfoEnabled,
            Self::ViewerInfoDisabled(_) => Kind::ViewerInfoDisabled,
            Self::ViewerInfoUpdate(_) => Kind::ViewerInfoUpdate,
            Self::Custom(_) => Kind::Custom,
            Self::Entrance(_) => Kind::Entrance,
            Self::CustomCounterUpdate(_) => Kind::CustomCounterUpdate,
            Self::BroadcastUpdate(_) => Kind::BroadcastUpdate,
            Self::Unknown(_) => Kind::Unknown,
        }
    }

    /// Whether nothing stands under the payload's key.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(
            self,
            Self::ViewerInfoEnabled(None)
                | Self::ViewerInfoDisabled(None)
                | Self::ViewerInfoUpdate(None)
                | Self::PollStarted(None)
                | Self::PollClosed(None)
                | Self::PollArchived(None)
                | Self::PollUpdate(None)
                | Self::PollUserVote(None)
                | Self::Sticker(None)
        )
    }
}
