//! Everything that a command can fail of, with its exit code.

use std::{error::Error, io, path::PathBuf, process::ExitCode, time::Duration};

use chatroom_client::{Blame, BuildError, CallError, Cause, Delivery, End, OutboxError};
use chatroom_server::{IssueError, SettingError, StartError};

use crate::{access::AccessError, log::LogError, output::seconds, profile::ProfileError, words::messages};

/// The exit codes of all commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It was refused, or failed.
    Failed = 1,
    /// The command line or the configuration file can't be used.
    Usage = 2,
    /// The way to the server, or the server itself.
    Network = 3,
    /// Token, signature or rights.
    Credentials = 4,
    /// All of it is in the outbox on disk, and will be sent by the next run.
    Persisted = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

impl From<Blame> for Exit {
    fn from(blame: Blame) -> Self {
        match blame {
            Blame::Network => Self::Network,
            Blame::Credentials => Self::Credentials,
            Blame::Refused => Self::Failed,
        }
    }
}

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Profile(#[from] ProfileError),
    #[error(transparent)]
    Access(#[from] AccessError),
    #[error(transparent)]
    Outbox(#[from] OutboxError),
    #[error("the connection can't be set up")]
    Build(#[source] BuildError),
    /// A call with a chat token; `what` says what could not be done.
    #[error("{what}")]
    Call { what: &'static str, source: CallError },
    /// A call with the organisation's token.
    #[error("{what}")]
    OrgCall { what: &'static str, source: CallError },
    #[error("the token can't be renewed")]
    Renewal(#[source] CallError),
    #[error("{} can't be written", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Ended(End),
    #[error("the room was not joined within {}", seconds(*waited))]
    NotJoined {
        waited: Duration,
        #[source]
        last: Option<Cause>,
    },
    #[error("{lost} of {all} messages not delivered")]
    Undelivered {
        lost: u64,
        all: u64,
        /// The fate of the last that was lost; none where the session did not even take it.
        last: Option<Delivery>,
    },
    #[error("stopped before all was said; {delivered} messages were delivered")]
    Stopped {
        delivered: u64,
        /// Whether what was not delivered stays in the outbox.
        kept: bool,
    },
    /// Nothing is lost: whoever tries again with the same text says it twice.
    #[error("{} persisted, not delivered yet", messages(*count))]
    Persisted {
        count: usize,
        /// Why it was given up for now; none where somebody asked to stop.
        #[source]
        why: Option<Box<Self>>,
    },
    #[error("stopped before the end of the history")]
    Unfinished,
    #[error("the server ended by itself")]
    ServerEnded,
    #[error("{problem}")]
    Usage { problem: &'static str, hint: &'static str },
    /// What is asked for does not fit what there is.
    #[error("{problem}")]
    Refused { problem: String, hint: &'static str },
    #[error("what is to be said can't be read from stdin")]
    Input(#[source] io::Error),
    #[error("stdout can't be written")]
    Output(#[source] io::Error),
    #[error("the server can't start")]
    Start(#[source] StartError),
    /// The user's own certificate or key can't be used.
    #[error("the server can't start")]
    TlsFiles(#[source] StartError),
    #[error(transparent)]
    Setting(#[from] SettingError),
    #[error("the words in {} can't be read", path.display())]
    WordsFile { path: PathBuf, source: io::Error },
    /// A place of the server, such as where it listens.
    #[error("{origin} can't be {value:?}: {problem}")]
    Place { origin: String, value: String, problem: String },
    #[error("the settings file {} can't be read", path.display())]
    SettingsFile { path: PathBuf, source: io::Error },
    #[error("the settings file {} can't be used", path.display())]
    BadSettings { path: PathBuf, source: SettingError },
    #[error("the server can't make a token")]
    Issue(#[from] IssueError),
    #[error("this platform tells no directory for data")]
    NoDataDirectory,
    #[error("this platform tells no directory to keep messages in")]
    NoStateDirectory,
    #[error("stopped at once, before everyone had left")]
    Hurried,
    #[error("the system refuses {what}")]
    System { what: &'static str, source: io::Error },
}

impl Failure {
    /// The exit code.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Log(_) | Self::Profile(_) | Self::Usage { .. } | Self::Setting(_) | Self::Place { .. } => Exit::Usage,
            Self::Access(error) => match error {
                AccessError::UnusableApi { .. } => Exit::Usage,
                AccessError::Nothing | AccessError::NoToken | AccessError::NoRefreshToken | AccessError::NoOrgToken => {
                    Exit::Usage
                }
                // Where the token is missing, it is the credentials that are.
                AccessError::TokenFile { .. }
                | AccessError::EmptyTokenFile { .. }
                | AccessError::EmptyToken { .. }
                | AccessError::BadToken { .. }
                | AccessError::OrgToken { .. }
                | AccessError::NotOrgToken { .. }
                | AccessError::Expired { .. } => Exit::Credentials,
                AccessError::ConfigFile { .. } | AccessError::BadConfig { .. } => Exit::Failed,
            },
            Self::Call { source, .. } | Self::OrgCall { source, .. } | Self::Renewal(source) => match source {
                CallError::Status { body, .. } if body.says_token_invalid() => Exit::Credentials,
                // Nobody who can't be reached answers this.
                CallError::Answer(_) => Exit::Failed,
                _ => Cause::Call(source.clone()).blame().into(),
            },
            Self::File { .. } => Exit::Failed,
            Self::Persisted { .. } => Exit::Persisted,
            Self::Ended(end) => end.blame().map_or(Exit::Failed, Exit::from),
            Self::NotJoined { .. } => Exit::Network,
            // What comes in through a pipe is named by no option.
            Self::WordsFile { path, .. } if path.as_os_str() == "-" => Exit::Failed,
            Self::WordsFile { .. }
            | Self::SettingsFile { .. }
            | Self::BadSettings { .. }
            | Self::TlsFiles(_)
            | Self::Build(
                BuildError::Api(_) | BuildError::Proxy { .. } | BuildError::CaFile { .. } | BuildError::Ca { .. },
            ) => Exit::Usage,
            Self::Outbox(_)
            | Self::Build(_)
            | Self::Undelivered { .. }
            | Self::Stopped { .. }
            | Self::Unfinished
            | Self::Refused { .. }
            | Self::Input(_)
            | Self::Output(_)
            | Self::Start(_)
            | Self::Issue(_)
            | Self::NoDataDirectory
            | Self::NoStateDirectory
            | Self::Hurried
            | Self::ServerEnded
            | Self::System { .. } => Exit::Failed,
        }
    }

    /// What lies below it, outermost first.
    pub(crate) fn causes(&self) -> impl Iterator<Item = &dyn Error> {
        std::iter::successors(self.source(), |error| (*error).source())
    }
}
