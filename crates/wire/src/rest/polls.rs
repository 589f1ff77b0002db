//! Bodies of the calls about polls (docs/protocol.md, section C.4).

use serde::{Deserialize, Serialize};

use super::ActionTaker;
use crate::{null, poll::Poll};

/// `POST /chatrooms/polls`, `PUT /chatrooms/polls/{id}`, and the answer of both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PollBody {
    /// The poll.
    pub poll: Poll,
}

/// The answer of `GET /chatrooms/polls`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PollsPage {
    /// The polls, the newest first.
    #[serde(default, deserialize_with = "null::list")]
    pub polls: Vec<Poll>,
    /// What gives the next page; empty on the last.
    #[serde(default, deserialize_with = "null::is_default")]
    pub next_page_token: String,
}

/// `POST /chatrooms/polls/{id}:change`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ChangePoll {
    /// What is to happen.
    pub action: PollAction,
    /// Who acts.
    #[serde(default)]
    pub action_taker: ActionTaker,
}

/// A step in a poll's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum PollAction {
    /// From queued to active.
    #[serde(rename = "ACTION_START")]
    Start,
    /// From active to closed.
    #[serde(rename = "ACTION_CLOSE")]
    Close,
    /// From closed to archived.
    #[serde(rename = "ACTION_ARCHIVE")]
    Archive,
}
