//! `chatroom outbox`, and where own messages are kept: what may be written.

use std::{path::PathBuf, str::FromStr, time::Duration};

use clap::Subcommand;

use super::value;

/// The examples below the long help.
const EXAMPLES: &str = "\
Examples:
  What waits to be sent?
      chatroom outbox list

  Don't send it any more:
      chatroom outbox clear --yes";

/// Where own messages are kept until they have ended, and for how long they may wait.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "How messages are kept")]
pub(crate) struct KeepingArgs {
    #[command(flatten)]
    pub(crate) place: PlaceArgs,

    /// Send a message no more when it has waited for this long
    ///
    /// That is told then. The time goes on between one run and the next.
    #[arg(long, value_name = "DUR", default_value = "2m", value_parser = value::duration)]
    pub(crate) ttl: Duration,
}

/// Where own messages are kept until they have ended.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "How messages are kept")]
pub(crate) struct PlaceArgs {
    /// Keep messages in this directory until they have arrived, or `none` for nowhere
    ///
    /// What is kept is sent by the next run where this one can't, whatever ends it. Else $CHATROOM_OUTBOX, else the profile's, else
    /// chatroom/outbox in this platform's directory for the state of programs, such as ~/.local/state.
    #[arg(long, value_name = "DIR|none")]
    pub(crate) outbox: Option<Place>,
}

/// Where messages are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nowhere: they end with the program.
    Nowhere,
    Directory(PathBuf),
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, &'static str> {
        match text {
            "" => Err("give a directory, or `none`"),
            "none" => Ok(Self::Nowhere),
            _ => Ok(Self::Directory(PathBuf::from(text))),
        }
    }
}

/// `chatroom outbox`
#[derive(Debug, clap::Args)]
// Its options may stand behind the subcommand too.
#[command(after_long_help = EXAMPLES, mut_args(|arg| arg.global(true)))]
pub(crate) struct OutboxArgs {
    #[command(subcommand)]
    pub(crate) command: OutboxCommand,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
}

/// What to do with what waits.
#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// List what waits to be sent, in all rooms of the profile
    ///
    /// One line each: `[<written_at>] <room> <user>: <text>`.
    #[command(after_long_help = "\
Examples:
  Whose messages wait?
      chatroom outbox list --json | jq -r .user | sort | uniq -c")]
    List(ListArgs),
    /// Give up what waits to be sent
    ///
    /// It is not sent any more. What a running program is about to send stays.
    #[command(after_long_help = "\
Examples:
  Without being asked:
      chatroom outbox clear --yes")]
    Clear(ClearArgs),
}

/// `chatroom outbox list`
#[derive(Debug, clap::Args)]
pub(crate) struct ListArgs {
    /// Print {"room","user","id","written_at","text"} for each message
    #[arg(long)]
    pub(crate) json: bool,
}

/// `chatroom outbox clear`
#[derive(Debug, clap::Args)]
pub(crate) struct ClearArgs {
    /// Do it without asking
    #[arg(long, short)]
    pub(crate) yes: bool,
}
