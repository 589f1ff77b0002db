//! What can go wrong, who is to blame, and whether trying again makes sense.

use std::time::Duration;

use chatroom_mqtt::{CloseCause, ReasonCode};
use chatroom_wire::{rest::ErrorBody, safe_text::SafeText};
use jiff::Timestamp;

/// Who can mend it. Decides the exit code of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The way to the server, or the server itself.
    Network,
    /// Token, signature or rights.
    Credentials,
    /// The server understood, and said no.
    Refused,
}

/// How a certificate failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TlsFault {
    /// No trusted authority signed it.
    UnknownIssuer,
    /// Its time is over, or has not begun.
    Expired,
    /// It is for another host.
    WrongName,
    /// It is damaged, revoked, or not for servers.
    Unusable,
    /// The handshake failed otherwise.
    Other,
}

/// Why a link could not be opened, or ended. Texts come from this side's libraries, never from the peer unsanitised.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// The host's name has no address.
    #[error("the host {host} was not found: {problem}")]
    NotFound {
        /// Host and port.
        host: String,
        /// What the system says.
        problem: String,
    },
    /// Nobody answered at that address.
    #[error("{address} can't be reached: {problem}")]
    Unreachable {
        /// Host and port.
        address: String,
        /// What the system says.
        problem: String,
    },
    /// The way leads through a proxy, and that does not let us through, or can't be used.
    #[error("{problem}")]
    Proxy {
        /// The HTTP status with which it refused.
        status: Option<u16>,
        /// What is wrong.
        problem: String,
    },
    /// No TLS with this peer.
    #[error("no secure connection to {host}: {problem}")]
    Tls {
        /// Host and port.
        host: String,
        /// What kind of fault.
        fault: TlsFault,
        /// What rustls says.
        problem: String,
    },
    /// The server answered the WebSocket upgrade with another status.
    #[error("the server answered the WebSocket upgrade with HTTP {status}")]
    Upgrade {
        /// The HTTP status.
        status: u16,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// The upgrade was answered, but not as a WebSocket for MQTT.
    #[error("the server is no MQTT endpoint: {0}")]
    NotMqtt(String),
    /// Unencrypted, and not to this machine.
    #[error("{0} is neither encrypted nor on this machine")]
    Plaintext(String),
    /// One of the others that does not say with whom; drivers say it.
    #[error("{address}: {error}")]
    At {
        /// Host and port.
        address: String,
        /// What went wrong.
        error: Box<Self>,
    },
    /// It took too long to open.
    #[error("the connection could not be opened in time")]
    TimedOut,
    /// The peer closed it without a word.
    #[error("the server closed the connection")]
    Closed,
    /// It broke.
    #[error("the connection broke: {0}")]
    Broken(String),
}

/// Why a REST call failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// The service said no.
    #[error("the service answered {status}: {}", SafeText::log(&body.message))]
    Status {
        /// The HTTP status.
        status: u16,
        /// What it says.
        body: ErrorBody,
        /// When it wants to be asked again.
        retry_after: Option<Duration>,
    },
    /// The service could not be reached.
    #[error("the service can't be reached: {0}")]
    Unreachable(String),
    /// No TLS with this peer.
    #[error("no secure connection to the service: {problem}")]
    Tls {
        /// What kind of fault.
        fault: TlsFault,
        /// What rustls says.
        problem: String,
    },
    /// The answer can't be used.
    #[error("the service's answer can't be used: {0}")]
    Answer(String),
    /// It took too long.
    #[error("the service did not answer in time")]
    TimedOut,
    /// The room was joined by a config alone, and calls need a chat token.
    #[error("a config without a chat token gives no way to call the service")]
    NoToken,
    /// The session ended before the answer came.
    #[error("the session has ended")]
    Ended,
}

/// Why a press of a counter was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PressError {
    /// The session is over.
    #[error("the session has ended")]
    Ended,
    /// The room has no such counter, or it counts no more.
    #[error("the room has no counter {}", SafeText::log(_0))]
    NoSuchCounter(String),
    /// The text that goes with it is too long.
    #[error("the text of a press is longer than {0} bytes")]
    TooLarge(usize),
    /// Too many messages wait already.
    #[error("{0} messages wait already")]
    Full(usize),
}

/// What interrupted a session, or stood in its way.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Cause {
    /// The link.
    #[error(transparent)]
    Link(LinkError),
    /// A REST call.
    #[error(transparent)]
    Call(CallError),
    /// The server refused the MQTT connection.
    #[error("the server refused the connection: {}", words(text.as_deref(), *reason))]
    Refused {
        /// The reason code.
        reason: ReasonCode,
        /// The server's own words.
        text: Option<String>,
    },
    /// The server ended the MQTT connection.
    #[error("the server ended the connection: {}", words(text.as_deref(), *reason))]
    Disconnected {
        /// The reason code.
        reason: ReasonCode,
        /// The server's own words.
        text: Option<String>,
    },
    /// The server refused the subscription.
    #[error("the server refused the subscription: {}", words(text.as_deref(), *reason))]
    Subscription {
        /// The reason code.
        reason: ReasonCode,
        /// The server's own words.
        text: Option<String>,
    },
    /// The server takes no message for now.
    #[error("the server takes no messages for now: {}", words(text.as_deref(), *reason))]
    Publish {
        /// The reason code.
        reason: ReasonCode,
        /// The server's own words.
        text: Option<String>,
    },
    /// The MQTT connection can't go on.
    #[error("{0}")]
    Mqtt(CloseCause),
    /// The token was renewed, and the connection is made anew with it.
    #[error("the token was renewed")]
    Renewal,
}

/// Why a session is over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum End {
    /// It was asked to.
    #[error("left the room")]
    Left,
    /// The service does not accept the token, which is over by this machine's clock, and nothing buys a new one.
    #[error("the service does not accept the token, which expired at {at} by this machine's clock")]
    TokenExpired {
        /// When the token ended.
        at: Timestamp,
        /// How the service refused it.
        #[source]
        cause: Cause,
    },
    /// The service does not accept the token, also not a fresh one.
    #[error("the service does not accept the credentials")]
    NotAuthorized(#[source] Cause),
    /// Another client took over this client id.
    #[error("another client connected with the same client id and took over")]
    TakenOver,
    /// Each of the last connections was closed within seconds.
    #[error(
        "the server closed the connection shortly after each of {0} connects; another client with the same client id may be taking over"
    )]
    ShortLives(u32),
    /// The server closes right after CONNECT, each time.
    #[error("the server closes the connection right after CONNECT: it may refuse the credentials, or not speak MQTT 5")]
    ClosedOnConnect,
    /// It makes no sense to try again.
    #[error("the room can't be joined")]
    Fatal(#[source] Cause),
    /// The caller's patience is over.
    #[error("gave up after {} s", patience.as_secs())]
    GaveUp {
        /// How long was tried.
        patience: Duration,
        /// What stood in the way last.
        #[source]
        last: Option<Cause>,
    },
}

/// Why a message was not taken. Gives nothing up: the draft is still the caller's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// There is nothing to say.
    #[error("the message is empty")]
    Empty,
    /// No server takes so much.
    #[error("the message is {size} bytes large; {max} are the most")]
    TooLarge {
        /// Its size in bytes.
        size: usize,
        /// The limit in bytes.
        max: usize,
    },
    /// Too many messages wait.
    #[error("{0} messages wait already")]
    Full(usize),
    /// A message with the same id is on its way, or another one in the room has it.
    #[error("another message has this id")]
    Duplicate,
    /// The id can't stand in the path by which the message is deleted.
    #[error("the id {0}")]
    Id(&'static str),
    /// It could not be written to the outbox on disk.
    #[error("it can't be kept on disk: {0}")]
    NotKept(String),
    /// The session is over.
    #[error("the session is over")]
    Ended,
}

/// What to do about a [`Cause`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// Wait, and try again.
    Retry,
    /// Get a fresh token, once; else end.
    Renew,
    /// Nothing helps, unless it worked before: then wait and try again.
    EndUnlessJoined,
    /// Nothing helps.
    End,
}

impl Cause {
    /// What to do about it. Every case is decided here, by name.
    pub(crate) fn remedy(&self) -> Remedy {
        match self {
            Self::Link(error) => error.remedy(),
            Self::Call(error) => error.remedy(),
            Self::Refused { reason, .. } => match *reason {
                ReasonCode::BAD_CREDENTIALS | ReasonCode::NOT_AUTHORIZED => Remedy::Renew,
                ReasonCode::CLIENT_ID_INVALID => Remedy::EndUnlessJoined,
                ReasonCode::UNSPECIFIED
                | ReasonCode::IMPLEMENTATION_SPECIFIC
                | ReasonCode::SERVER_UNAVAILABLE
                | ReasonCode::SERVER_BUSY
                | ReasonCode::QUOTA_EXCEEDED
                | ReasonCode::CONNECTION_RATE_EXCEEDED => Remedy::Retry,
                _ => Remedy::End,
            },
            Self::Disconnected { reason, .. } => match *reason {
                ReasonCode::NOT_AUTHORIZED => Remedy::Renew,
                ReasonCode::TAKEN_OVER | ReasonCode::BANNED => Remedy::End,
                _ => Remedy::Retry,
            },
            Self::Subscription { reason, .. } => match *reason {
                ReasonCode::UNSPECIFIED | ReasonCode::IMPLEMENTATION_SPECIFIC | ReasonCode::QUOTA_EXCEEDED => {
                    Remedy::Retry
                }
                ReasonCode::NOT_AUTHORIZED => Remedy::Renew,
                _ => Remedy::End,
            },
            Self::Mqtt(cause) => match cause {
                CloseCause::NotMqtt5 { .. } => Remedy::EndUnlessJoined,
                CloseCause::Unsendable(_) => Remedy::End,
                _ => Remedy::Retry,
            },
            Self::Publish { .. } | Self::Renewal => Remedy::Retry,
        }
    }

    /// Who can mend it.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Link(error) if matches!(error.inner(), LinkError::Upgrade { status: 401 | 403, .. }) => {
                Blame::Credentials
            }
            Self::Link(_) | Self::Mqtt(_) | Self::Publish { .. } | Self::Renewal => Blame::Network,
            Self::Call(CallError::Status { status: 401 | 403, .. }) => Blame::Credentials,
            Self::Call(CallError::Status { status: 500.., .. }) => Blame::Network,
            Self::Call(CallError::Status { .. }) => Blame::Refused,
            Self::Call(_) => Blame::Network,
            Self::Refused { reason, .. } | Self::Disconnected { reason, .. } | Self::Subscription { reason, .. } => {
                match *reason {
                    ReasonCode::BAD_CREDENTIALS
                    | ReasonCode::NOT_AUTHORIZED
                    | ReasonCode::BAD_AUTHENTICATION_METHOD => Blame::Credentials,
                    ReasonCode::SERVER_UNAVAILABLE
                    | ReasonCode::SERVER_BUSY
                    | ReasonCode::UNSUPPORTED_VERSION
                    | ReasonCode::SHUTTING_DOWN
                    | ReasonCode::KEEP_ALIVE_TIMEOUT => Blame::Network,
                    _ => Blame::Refused,
                }
            }
        }
    }

    /// How long the server asks to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Link(LinkError::Upgrade { retry_after, .. }) | Self::Call(CallError::Status { retry_after, .. }) => {
                *retry_after
            }
            _ => None,
        }
    }
}

impl LinkError {
    /// Says with whom it was, where it does not say so itself.
    #[must_use]
    pub fn at(self, address: &str) -> Self {
        match self {
            Self::Upgrade { .. } | Self::NotMqtt(_) | Self::TimedOut | Self::Closed | Self::Broken(_) => {
                Self::At { address: address.to_owned(), error: Box::new(self) }
            }
            other => other,
        }
    }

    /// The error itself, whoever it was with.
    pub fn inner(&self) -> &Self {
        match self {
            Self::At { error, .. } => error.inner(),
            other => other,
        }
    }

    fn remedy(&self) -> Remedy {
        match self.inner() {
            Self::At { .. } => Remedy::Retry,
            Self::Upgrade { status: 401 | 403, .. } => Remedy::Renew,
            Self::Upgrade { status: 408 | 425 | 429 | 500.., .. } => Remedy::Retry,
            Self::Upgrade { .. } | Self::NotMqtt(_) => Remedy::EndUnlessJoined,
            Self::Proxy { status: Some(408 | 425 | 429 | 500..) | None, .. } => Remedy::Retry,
            Self::Proxy { .. } => Remedy::EndUnlessJoined,
            Self::Tls { fault: TlsFault::Other, .. } => Remedy::Retry,
            Self::Tls { .. } => Remedy::EndUnlessJoined,
            Self::Plaintext(_) => Remedy::End,
            Self::NotFound { .. } | Self::Unreachable { .. } | Self::TimedOut | Self::Closed | Self::Broken(_) => {
                Remedy::Retry
            }
        }
    }
}

impl CallError {
    /// How long the service asks to wait.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            Self::Unreachable(_)
            | Self::Tls { .. }
            | Self::Answer(_)
            | Self::TimedOut
            | Self::NoToken
            | Self::Ended => None,
        }
    }

    /// Whether the service says that the token is dead, so that a fresh one may help (docs/protocol.md, section C.0).
    pub fn is_dead_token(&self) -> bool {
        self.remedy() == Remedy::Renew
    }

    /// Whether the service understood, and said no: the same call will be refused again.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Status { status: 400..=499, .. }) && self.remedy() != Remedy::Retry
    }

    pub(crate) fn remedy(&self) -> Remedy {
        match self {
            Self::Status { body, .. } if body.says_token_invalid() => Remedy::Renew,
            Self::Status { status: 401, .. } => Remedy::Renew,
            Self::Status { status: 408 | 425 | 429 | 500.., .. } => Remedy::Retry,
            Self::Status { .. } | Self::Answer(_) => Remedy::EndUnlessJoined,
            Self::Tls { fault: TlsFault::Other, .. } => Remedy::Retry,
            Self::Tls { .. } => Remedy::EndUnlessJoined,
            Self::Unreachable(_) | Self::TimedOut => Remedy::Retry,
            Self::NoToken | Self::Ended => Remedy::End,
        }
    }
}

impl End {
    /// Who can mend it; `None` where nothing failed.
    pub fn blame(&self) -> Option<Blame> {
        match self {
            Self::Left => None,
            Self::TokenExpired { .. } | Self::NotAuthorized(_) => Some(Blame::Credentials),
            Self::TakenOver | Self::ShortLives(_) => Some(Blame::Refused),
            Self::ClosedOnConnect => Some(Blame::Network),
            Self::Fatal(cause) => Some(cause.blame()),
            Self::GaveUp { .. } => Some(Blame::Network),
        }
    }
}

/// The server's own words, made safe for a terminal and a log; without any, what the reason code says.
pub(crate) fn words(text: Option<&str>, reason: ReasonCode) -> String {
    text.map_or_else(|| reason.sentence().to_owned(), |text| SafeText::log(text).into_string())
}
