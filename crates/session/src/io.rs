//! The core's door on one page: what goes in, what comes out, what an application is told.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use chatroom_wire::{
    Chatroom, Config, LinkUrl, Message, MessageId, RefreshToken, Time, Token,
    config::SelfUser,
    envelope::BadElement,
    rest::{MessagesPage, MessagesQuery, RefreshAnswer},
};
use jiff::Timestamp;

use crate::{
    ApiRequest, Cause, End, Entry, RequestId, RoomState,
    error::{CallError, LinkError, words},
};

/// Both clocks: one that never jumps, for deadlines, and one that tells the date, for stamps and the life of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Time since any fixed point; never goes back.
    pub mono: Duration,
    /// The date; may jump.
    pub wall: Timestamp,
}

/// What a driver hands in.
#[derive(Debug)]
pub enum Input {
    /// Begin. Once, first.
    Start,
    /// The link that [`Output::Connect`] asked for is open: TLS and WebSocket are done.
    LinkOpened(LinkId),
    /// Bytes came over a link, in any slices.
    LinkReceived(LinkId, Bytes),
    /// A link could not be opened, or has ended.
    LinkClosed(LinkId, LinkError),
    /// An [`Output::Write`] is on disk, or could not be written, with the reason.
    Written {
        /// Which one.
        ticket: WriteId,
        /// What came of it.
        result: Result<(), String>,
    },
    /// A call has been answered, or has failed.
    CallDone {
        /// Which call.
        id: CallId,
        /// Its answer.
        result: Result<CallAnswer, CallError>,
    },
    /// The deadline of the last [`Output::Timeout`] has come. Too early does no harm.
    Timeout,
    /// The network is back, or the user is impatient: don't wait any longer.
    Retry,
    /// Leave the room.
    Close,
}

/// What a driver is to do.
#[must_use = "each output is a duty of the driver"]
pub enum Output {
    /// Open a link. While a session moves to another one, there are two.
    Connect {
        /// Its name from here on.
        link: LinkId,
        /// Where to.
        url: LinkUrl,
    },
    /// Send these bytes over the link, as one binary WebSocket message.
    Send {
        /// The link.
        link: LinkId,
        /// The message.
        bytes: Bytes,
    },
    /// Flush, then drop the link; no `LinkClosed` is awaited.
    Disconnect(LinkId),
    /// Append this to the outbox on disk, in the order of telling, and hand in [`Input::Written`] once it is synced; many
    /// may share one sync. Only with [`Options::durable`](crate::Options::durable).
    Write {
        /// Names it in [`Input::Written`].
        ticket: WriteId,
        /// What is to be written.
        entry: Entry,
    },
    /// Make this REST call.
    Call {
        /// Names the call in [`Input::CallDone`].
        id: CallId,
        /// The call.
        call: Call,
        /// The chat token for the `authorization` header, where the call wants one.
        token: Option<Token>,
    },
    /// Tell whoever made the [request](crate::Session::request) what came of it.
    Answered {
        /// Which request.
        id: RequestId,
        /// The body of the answer.
        result: Result<Bytes, CallError>,
    },
    /// Tell the application.
    Event(Event),
    /// Nothing more until something comes in, or this deadline (on [`Now::mono`]); none means wait for input alone.
    Timeout(Option<(Duration, Deadline)>),
}

/// Bytes are shown by their number alone: the first of a link carry the token.
impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect { link, url } => f.debug_struct("Connect").field("link", link).field("url", url).finish(),
            Self::Send { link, bytes } => write!(f, "Send({link:?}, {} bytes)", bytes.len()),
            Self::Disconnect(link) => f.debug_tuple("Disconnect").field(link).finish(),
            Self::Write { ticket, entry } => {
                f.debug_struct("Write").field("ticket", ticket).field("entry", entry).finish()
            }
            Self::Call { id, call, token } => {
                f.debug_struct("Call").field("id", id).field("call", call).field("token", token).finish()
            }
            Self::Answered { id, result } => {
                let result = result.as_ref().map(|body| format!("{} bytes", body.len()));
                f.debug_struct("Answered").field("id", id).field("result", &result).finish()
            }
            Self::Event(event) => f.debug_tuple("Event").field(event).finish(),
            Self::Timeout(deadline) => f.debug_tuple("Timeout").field(deadline).finish(),
        }
    }
}

/// Names a link of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub(crate) u64);

/// Names a write to the outbox on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WriteId(pub(crate) u64);

/// Names a REST call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub(crate) u64);

/// A REST call (docs/protocol.md, section C).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// `GET /chatrooms/config`
    Config,
    /// `GET /chatrooms`
    Room,
    /// `POST /chatrooms/tokens:refresh`
    Refresh(RefreshToken),
    /// `GET /chatrooms/messages`
    History(MessagesQuery),
    /// Whatever the application asks for.
    Api(ApiRequest),
}

/// The answer to a [`Call`].
#[derive(Debug, Clone)]
pub enum CallAnswer {
    /// To [`Call::Config`].
    Config(Box<Config>),
    /// To [`Call::Room`].
    Room(Box<Chatroom>),
    /// To [`Call::Refresh`].
    Refreshed(RefreshAnswer),
    /// To [`Call::History`].
    History(MessagesPage),
    /// To [`Call::Api`]: the body.
    Api(Bytes),
}

/// Why a session wants to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Deadline {
    /// When the wait before the next attempt ends.
    Backoff,
    /// When a link has taken too long to open.
    Link,
    /// When a REST call has taken too long.
    Call,
    /// When the MQTT connection needs something: a ping, or an acknowledgement that is late.
    Mqtt(chatroom_mqtt::Deadline),
    /// When a link has lived long enough to count as good.
    Stable,
    /// When the token is to be renewed, or ends.
    Renewal,
    /// When an own message has waited too long.
    Outbox,
    /// When the history is to be read again.
    History,
    /// When presses of counters leave, or their totals are told.
    Presses,
    /// When it is looked whether the machine slept.
    Wake,
    /// When a session that moves to another link goes on.
    Handover,
    /// When a session that leaves waits no longer for what it has sent.
    Closing,
    /// When the patience of the caller ends.
    GiveUp,
}

/// What an application is told. Facts, in the past tense.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// The room is joined: what is said from here on arrives. Again after each interruption.
    Joined {
        /// Who we are.
        user: SelfUser,
        /// Whether this is the first time, or a return after an interruption.
        first: bool,
    },
    /// The link was lost, or could not be made; the session tries again by itself.
    Interrupted {
        /// What happened.
        cause: Cause,
        /// When the next attempt comes.
        retry_in: Duration,
    },
    /// The server refuses for now: an own message, or the history that joining waits for. It is asked again by itself. Told
    /// once for each reason and connection.
    Delayed {
        /// How it refused.
        cause: Cause,
        /// When it is asked again.
        retry_in: Duration,
    },
    /// A message was said. In order, each once; an own one first appears as it is queued.
    MessageAdded {
        /// The message.
        message: Arc<Message>,
        /// For an own message of this session that is not confirmed yet: how far it has come.
        delivery: Option<Delivery>,
        /// Whether it belongs before messages that were told earlier.
        late: bool,
    },
    /// An own message went further, or will not.
    DeliveryChanged {
        /// The message.
        id: MessageId,
        /// How far it has come.
        delivery: Delivery,
        /// The message as the room has it, once it came back: with the server's stamps, and `filtered` if it is.
        echo: Option<Arc<Message>>,
    },
    /// An own message could not be written to the outbox on disk, so it was not taken: it is not sent.
    NotKept {
        /// The message.
        id: MessageId,
        /// Why.
        reason: String,
    },
    /// A moderator deleted a message.
    MessageDeleted {
        /// The message.
        id: MessageId,
    },
    /// Messages may be missing here, and could not be had.
    Gap(Gap),
    /// Something came that is no message; its good neighbours were told.
    Unreadable(BadElement),
    /// The room is not as it was: muted, pinned, counted, …
    RoomChanged(Box<RoomState>),
    /// What a counter has come to, with own presses that are still on their way. At most every
    /// [`Limits::press_totals`](crate::Limits::press_totals).
    Counted {
        /// The counter.
        key: String,
        /// How many presses since it was told last; at first, since the room said where it stood.
        increment: i64,
        /// How many in all; never falls.
        total: i64,
    },
    /// The chat token was renewed; keep the new one.
    TokenRenewed(Token),
    /// The session is over, and says why. The last event.
    Ended(End),
}

impl Event {
    /// About how many bytes of memory it takes, for a queue that is to stay within bounds.
    pub fn weight(&self) -> usize {
        let message = match self {
            Self::MessageAdded { message, .. } | Self::DeliveryChanged { echo: Some(message), .. } => message.weight(),
            Self::Unreadable(bad) => bad.raw.as_str().len() + bad.reason.len(),
            _ => 0,
        };
        size_of::<Self>() + message
    }
}

/// How far an own message has come.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// It waits for the link.
    Queued,
    /// The server has it (PUBACK). Not yet a promise that others see it.
    Sent,
    /// It came back from the room, or stands in its history: others see it.
    Delivered {
        /// The server's stamp.
        received_at: Option<Time>,
        /// From `send` to here.
        took: Duration,
    },
    /// It will never be delivered.
    Rejected(Rejection),
    /// It was never sent within its time to live.
    Expired,
    /// It was sent, and nothing says whether it arrived. Should an echo come yet, `Delivered` follows.
    Unconfirmed,
    /// The session ended first. It stays in the outbox on disk, and goes its way when the room is joined with it again.
    Kept,
}

impl Delivery {
    /// Whether nothing more is awaited in this session.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Queued | Self::Sent => false,
            Self::Delivered { .. } | Self::Rejected(_) | Self::Expired | Self::Unconfirmed | Self::Kept => true,
        }
    }
}

/// Why a message was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// The server refused it.
    #[error("the server refused it: {}", words(text.as_deref(), *reason))]
    Server {
        /// The reason code.
        reason: chatroom_mqtt::ReasonCode,
        /// The server's own words.
        text: Option<String>,
    },
    /// It is larger than the server takes.
    #[error("it is {size} bytes large, and the server takes {max}")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The server's limit in bytes.
        max: u32,
    },
    /// MQTT can't carry it.
    #[error("it can't be sent: {0}")]
    Unsendable(chatroom_mqtt::PublishError),
    /// The session ended first.
    #[error("the session ended before it was sent")]
    SessionEnded,
}

/// A stretch in which messages may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gap {
    /// The last message before it, by the server's stamp.
    pub after: Option<Time>,
    /// The first message behind it, if one came yet.
    pub before: Option<Time>,
    /// Why it could not be filled.
    pub reason: GapReason,
}

/// Why a gap could not be filled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum GapReason {
    /// The history could not be read.
    #[error("the history could not be read: {0}")]
    HistoryFailed(CallError),
    /// Too much was missed.
    #[error("more than {0} messages were missed")]
    TooMuch(usize),
    /// A full page of the history brought nothing newer than the one before.
    #[error("the history does not lead on")]
    NoProgress,
    /// The history does not reach back to what was told last.
    #[error("the history does not reach back so far")]
    NoLonger,
    /// So much was said since the history could be read last that it can't be told any more what is new in it.
    #[error("too much was said since the history could be read last")]
    Unchecked,
    /// A config alone gives no way to read the history.
    #[error("a config without a chat token gives no way to read the history")]
    NoHistory,
}
