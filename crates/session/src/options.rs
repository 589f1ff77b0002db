//! How to join, and the limits of a session.

use std::time::Duration;

use chatroom_wire::{
    Config, Kind, Message, MessageId, OptionId, PollId, RefreshToken, StickerId, StickerPackId, Time, Token,
};
use serde::{Deserialize, Serialize};

/// How the room is reached.
#[derive(Debug, Clone)]
pub enum Access {
    /// By a chat token: the config, the history and fresh tokens come from the REST service.
    Api {
        /// The chat token.
        token: Token,
        /// What buys a new one.
        refresh_token: Option<RefreshToken>,
    },
    /// By a config that somebody else fetched, as in the vendor's sample: no history, no fresh tokens.
    Config(Box<Config>),
}

impl Access {
    /// By a chat token that can't be renewed.
    pub fn api(token: Token) -> Self {
        Self::Api { token, refresh_token: None }
    }
}

/// An entry of the outbox on disk.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    /// A message was taken.
    Keep(Box<Kept>),
    /// A message has ended; it need not be kept.
    End(MessageId),
}

/// An own message, as it is kept over the end of a program.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    /// The message, with its id.
    pub message: Message,
    /// When it was written, by this machine's date.
    pub written_at: Time,
    /// Up to which message, by the server's stamp, the room was known then; none, if it was not, or was empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Time>,
}

/// How a session behaves.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// How the room is reached.
    pub access: Access,
    /// The name to write under; without one, the token's.
    pub name: Option<String>,
    /// How many messages said before joining are told at first.
    pub history: usize,
    /// The types that count as such messages, with all others between them told too; none means all. It reads further back
    /// for them, up to a bound.
    pub history_of: Vec<Kind>,
    /// How long to try for the room, at first and after each interruption, before the session ends.
    pub patience: Option<Duration>,
    /// Own messages are taken only once they are on disk ([`Output::Write`](crate::Output::Write)), and stay there until
    /// they have ended.
    pub durable: bool,
    /// Own messages that an earlier session kept, oldest first: they are told, looked for and sent before new ones.
    pub kept: Vec<Kept>,
    /// Seeds jitter and ids. Give each session another one, from the system's randomness: who knows it knows the ids of the
    /// session's messages before they are sent.
    pub seed: u64,
    /// What is bounded, and how.
    pub limits: Limits,
}

impl Options {
    /// The defaults: no earlier messages, tries for ever.
    pub fn new(access: Access) -> Self {
        Self {
            access,
            name: None,
            history: 0,
            history_of: Vec::new(),
            patience: None,
            durable: false,
            kept: Vec::new(),
            seed: 0,
            limits: Limits::default(),
        }
    }
}

/// Longer than anybody waits, and short enough to be added to any clock.
const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

impl Options {
    /// Brings every duration to where sums of them can't overflow.
    pub(crate) fn bound(&mut self) {
        let limits = &mut self.limits;
        for span in [
            &mut limits.time_to_live,
            &mut limits.echo,
            &mut limits.settle,
            &mut limits.call,
            &mut limits.link,
            &mut limits.overlap,
            &mut limits.recheck,
            &mut limits.press_wait,
            &mut limits.press_totals,
            &mut limits.session_expiry,
        ] {
            *span = (*span).min(LONGEST);
        }
        // Zero would ask without pause.
        for period in [&mut limits.recheck, &mut limits.echo] {
            *period = (*period).max(Duration::from_secs(1));
        }
        self.patience = self.patience.map(|patience| patience.min(LONGEST));
    }
}

/// What is bounded, and how.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Limits {
    /// Messages kept for merging and for [`Session::messages`](crate::Session::messages).
    pub timeline: usize,
    /// How much memory they may take, in bytes; the oldest go first.
    pub timeline_bytes: usize,
    /// Own messages that wait.
    pub outbox: usize,
    /// How long an own message may wait for the link.
    pub time_to_live: Duration,
    /// How long to wait for an echo before the history is asked, and then again before giving up on it; at least a second.
    pub echo: Duration,
    /// How long after the end of a link something that was sent over it may still arrive: so long nothing is said to have
    /// expired that may have gone out.
    pub settle: Duration,
    /// How long one REST call may take.
    pub call: Duration,
    /// How long a link may take to open.
    pub link: Duration,
    /// How much older than the last message a read of the history begins: stamps of several servers may cross.
    pub overlap: Duration,
    /// How often the history is read against a service that does not number its deliveries; at least a second apart.
    pub recheck: Duration,
    /// The most messages that one catch-up reads.
    pub catch_up: usize,
    /// How long presses of a counter are gathered into one message.
    pub press_wait: Duration,
    /// How often the totals of counters are told at most.
    pub press_totals: Duration,
    /// How long the broker is asked to keep the session when a link ends, in whole seconds; not when the room is left.
    /// Zero, the default, begins anew with each link: the history says what was missed, at once, while a broker hands out
    /// what it kept slowly (AWS: ten messages a second) and keeps only what was said at QoS 1. Where there is no history,
    /// it is better than nothing.
    pub session_expiry: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            timeline: 10_000,
            timeline_bytes: 16 * 1024 * 1024,
            outbox: 1_000,
            time_to_live: Duration::from_secs(120),
            echo: Duration::from_secs(5),
            settle: Duration::from_secs(60),
            call: Duration::from_secs(15),
            link: Duration::from_secs(15),
            overlap: Duration::from_secs(5),
            recheck: Duration::from_secs(30),
            catch_up: 100_000,
            press_wait: Duration::from_secs(5),
            press_totals: Duration::from_secs(2),
            session_expiry: Duration::ZERO,
        }
    }
}

/// What a user wants to say.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Draft {
    /// A text.
    Text(String),
    /// A message of the application's own.
    Custom(String),
    /// Presses of a counter that were gathered elsewhere; [`Session::press`](crate::Session::press) gathers them itself.
    Presses {
        /// The counter.
        key: String,
        /// How many.
        count: i64,
        /// A JSON array with an element for each, as text; or empty.
        value: String,
    },
    /// A sticker of a pack that the room uses.
    Sticker {
        /// The pack.
        pack: StickerPackId,
        /// The sticker.
        id: StickerId,
    },
    /// A vote in the poll that runs; a later one replaces it.
    Vote {
        /// The poll.
        poll: PollId,
        /// What is chosen.
        options: Vec<OptionId>,
    },
    /// Any of these under an id that the caller chose: a server that knows ids takes the same one once.
    Identified {
        /// The id.
        id: MessageId,
        /// What to say.
        draft: Box<Self>,
    },
}

impl Draft {
    /// Gives it an id, so that it can be sent again without being said twice.
    #[must_use]
    pub fn with_id(self, id: MessageId) -> Self {
        Self::Identified { id, draft: Box::new(self) }
    }
}

impl<T: Into<String>> From<T> for Draft {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}
