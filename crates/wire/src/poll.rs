//! Polls, and the votes in them (docs/protocol.md, section C.4; the messages are ours, section I).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{OptionId, PollId, Time, User, null, number};

/// A poll, as the REST service and the messages of its life carry it.
///
/// ```
/// use chatroom_wire::poll::{Poll, PollStatus};
///
/// let poll: Poll = serde_json::from_str(
///     r#"{"id":"p1","status":"POLL_STATUS_ACTIVE","votes_count":3,"multi_choice":{"question":"Tea?","options":[{"id":"a","text":"Yes","votes_count":3}]}}"#,
/// )?;
/// assert_eq!(poll.status, PollStatus::Active);
/// assert_eq!(poll.multi_choice.options[0].votes_count, 3);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = crate::schema::needs("type multi_choice")))]
pub struct Poll {
    /// The poll's id; the server's choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("readOnly" = true)))]
    pub id: Option<PollId>,
    /// How many options a voter may choose.
    #[serde(default, rename = "type")]
    pub kind: PollKind,
    /// Where it is in its life.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(extend("readOnly" = true)))]
    pub status: PollStatus,
    /// How many people voted.
    #[serde(default, deserialize_with = "number::integer")]
    #[cfg_attr(feature = "schema", schemars(extend("readOnly" = true)))]
    pub votes_count: i64,
    /// The question and its options.
    #[serde(default, deserialize_with = "null::is_default")]
    pub multi_choice: MultiChoice,
    /// When it began to take votes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("readOnly" = true)))]
    pub started_at: Option<Time>,
    /// When it ceased to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("readOnly" = true)))]
    pub ended_at: Option<Time>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// How many options a voter may choose.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PollKind {
    /// Exactly one.
    #[default]
    #[serde(rename = "POLL_TYPE_SINGLE_CHOICE")]
    SingleChoice,
    /// One or more.
    #[serde(rename = "POLL_TYPE_MULTI_CHOICE")]
    MultiChoice,
}

/// Where a poll is in its life: queued, active, closed, archived; it never goes back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PollStatus {
    /// Made, and may still be changed.
    #[default]
    #[serde(rename = "POLL_STATUS_QUEUED")]
    Queued,
    /// Takes votes.
    #[serde(rename = "POLL_STATUS_ACTIVE")]
    Active,
    /// Takes no more votes, and is shown.
    #[serde(rename = "POLL_STATUS_CLOSED")]
    Closed,
    /// Put away.
    #[serde(rename = "POLL_STATUS_ARCHIVED")]
    Archived,
}

/// A question and what may be chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = crate::schema::needs("question options")))]
pub struct MultiChoice {
    /// The question.
    #[serde(default, deserialize_with = "null::is_default")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"\S")))]
    pub question: String,
    /// What may be chosen.
    #[serde(default, deserialize_with = "null::is_default")]
    #[cfg_attr(feature = "schema", schemars(length(min = 2)))]
    pub options: Vec<PollOption>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// Something that may be chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = crate::schema::needs("text")))]
pub struct PollOption {
    /// The option's id; the server's choice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(extend("readOnly" = true)))]
    pub id: Option<OptionId>,
    /// Its text.
    #[serde(default, deserialize_with = "null::is_default")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = r"\S")))]
    pub text: String,
    /// Whether it is the right answer. Left out while viewers are not to know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected: Option<bool>,
    /// How many people chose it.
    #[serde(default, deserialize_with = "number::integer")]
    #[cfg_attr(feature = "schema", schemars(extend("readOnly" = true)))]
    pub votes_count: i64,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What the messages POLL_STARTED, POLL_CLOSED, POLL_ARCHIVED and POLL_UPDATE carry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PollMessage {
    /// The poll as it is now.
    pub poll: Poll,
    /// Who did it; nobody where the numbers alone changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_taker: Option<User>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

/// What the message POLL_USER_VOTE carries: somebody's choice. A later one replaces it while the poll is active.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Vote {
    /// The poll.
    pub poll_id: PollId,
    /// What was chosen.
    pub option_ids: Vec<OptionId>,
    /// Fields that this version does not know.
    #[serde(flatten)]
    pub extra: Map<String, Value>,
}

impl Poll {
    /// As people who only watch may see it: which answer is right is told when the poll is closed.
    #[must_use]
    pub fn for_viewers(&self) -> Self {
        let mut poll = self.clone();
        if poll.status < PollStatus::Closed {
            for option in &mut poll.multi_choice.options {
                option.corrected = None;
            }
        }
        poll
    }
}
