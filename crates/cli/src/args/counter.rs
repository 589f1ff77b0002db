//! `chatroom counter`: what may be written.

use std::time::Duration;

use clap::Subcommand;

use super::{access::VisitorArgs, not_empty, value};

/// The examples below the long help.
const EXAMPLES: &str = "\
Examples:
  Which counters has the room, and where do they stand?
      chatroom counter list --token-file viewer.token

  Press one a thousand times; done means that all of them count:
      chatroom counter press like --times 1000 --token-file viewer.token

  Print the totals as they change, for a minute:
      chatroom counter watch --for 60s --token-file viewer.token";

/// `chatroom counter`
#[derive(Debug, clap::Args)]
// Its options may stand behind the subcommand too.
#[command(after_long_help = EXAMPLES, mut_args(|arg| arg.global(true)))]
pub(crate) struct CounterArgs {
    #[command(subcommand)]
    pub(crate) command: CounterCommand,
    /// Print counters as JSON, as the service writes them, one object a line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) visitor: VisitorArgs,
}

/// What to do with the counters.
#[derive(Debug, Subcommand)]
pub(crate) enum CounterCommand {
    /// List the room's counters and their totals
    #[command(after_long_help = "\
Examples:
  A key and a number on each line:
      chatroom counter list --token-file viewer.token")]
    List,
    /// Press a counter
    ///
    /// Joins the room, presses, waits until the presses came back from the room, and leaves. It exits with 0 only when
    /// all of them were delivered. Presses are gathered: a thousand of them are one message.
    #[command(after_long_help = "\
Examples:
  Once, with a text for whoever counts:
      chatroom counter press like --value '{\"at\":\"goal\"}' \\
          --token-file viewer.token
  A thousand times:
      chatroom counter press like --times 1000 --token-file viewer.token")]
    Press(PressArgs),
    /// Print the totals as they change
    #[command(after_long_help = "\
Examples:
  One counter, for a minute:
      chatroom counter watch like --for 60s --token-file viewer.token")]
    Watch(WatchArgs),
}

/// `chatroom counter press`
#[derive(Debug, clap::Args)]
pub(crate) struct PressArgs {
    /// The counter's key
    #[arg(value_name = "KEY", value_parser = not_empty())]
    pub(crate) key: String,
    /// How many times
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) times: u32,
    /// A text that goes with each press
    #[arg(long, value_name = "TEXT")]
    pub(crate) value: Option<String>,
    /// Give up, with exit code 3, when it is not done within this time
    #[arg(long, value_name = "DUR", default_value = "30s", value_parser = value::duration)]
    pub(crate) timeout: Duration,
}

/// `chatroom counter watch`
#[derive(Debug, clap::Args)]
pub(crate) struct WatchArgs {
    /// Only these counters
    #[arg(value_name = "KEY", value_parser = not_empty())]
    pub(crate) keys: Vec<String>,
    /// End after this time, such as 90s or 1h30m
    #[arg(long = "for", value_name = "DUR", value_parser = value::duration)]
    pub(crate) length: Option<Duration>,
    /// Give up, with exit code 3, when the room can't be had for this long [default: never]
    #[arg(long, value_name = "DUR", value_parser = value::duration)]
    pub(crate) timeout: Option<Duration>,
}
