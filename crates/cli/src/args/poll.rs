//! `chatroom poll`: what may be written.

use std::time::Duration;

use clap::Subcommand;

use super::{access::VisitorArgs, moderate::SureArgs, not_empty, value};

/// The examples below the long help.
const EXAMPLES: &str = "\
Examples:
  From the question to the answer:
      chatroom poll create \"Which duck wins?\" 417 12 93 --token-file admin.token
      chatroom poll start --token-file admin.token
      chatroom poll close --token-file admin.token
      chatroom poll archive --token-file admin.token

  A quiz, in which the second option is right:
      chatroom poll create \"2 + 2?\" three four five --correct 2 \\
          --token-file admin.token

  Vote, by number or by text:
      chatroom poll vote 2 --token-file viewer.token
      chatroom poll vote four --token-file viewer.token

  Watch the votes come in:
      chatroom poll watch --token-file viewer.token";

/// `chatroom poll`
#[derive(Debug, clap::Args)]
// Its options may stand behind the subcommand too.
#[command(after_long_help = EXAMPLES, mut_args(|arg| arg.global(true)))]
pub(crate) struct PollArgs {
    #[command(subcommand)]
    pub(crate) command: PollCommand,
    /// Print polls as JSON, as the service writes them, one object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Draw bars of plain ASCII
    #[arg(long)]
    pub(crate) plain: bool,
    #[command(flatten)]
    pub(crate) visitor: VisitorArgs,
}

/// What to do with the polls. Without an ID, it is the poll for which alone it is possible.
#[derive(Debug, Subcommand)]
pub(crate) enum PollCommand {
    /// Make a poll, which waits for its start, and print its id
    #[command(after_long_help = "\
Examples:
  One choice for each voter; keep the poll's id:
      id=$(chatroom poll create \"Tea or coffee?\" Tea Coffee \\
          --token-file admin.token)
  Several choices:
      chatroom poll create --multi \"What is on?\" Football Tennis Chess \\
          --token-file admin.token
  With a right answer, told to viewers when the poll is closed:
      chatroom poll create \"2 + 2?\" three four five --correct 2 \\
          --token-file admin.token")]
    Create(CreateArgs),
    /// List all polls, the newest first
    ///
    /// With a viewer's token, those that have started.
    #[command(after_long_help = "\
Examples:
  State, id, votes and question:
      chatroom poll list --token-file admin.token")]
    List,
    /// Show a poll and its votes
    #[command(after_long_help = "\
Examples:
  The one that runs:
      chatroom poll show --token-file viewer.token
  One that is over, for a program:
      id=$(chatroom poll list --json --token-file admin.token \\
          | jq -r .id | head -n 1)
      chatroom poll show \"$id\" --json --token-file admin.token \\
          | jq .multi_choice.options")]
    Show(WhichArgs),
    /// Begin to take votes
    #[command(after_long_help = "\
Examples:
  The only one that is queued:
      chatroom poll start --token-file admin.token")]
    Start(WhichArgs),
    /// Take no more votes, and tell the right answers
    #[command(after_long_help = "\
Examples:
  The one that runs:
      chatroom poll close --token-file admin.token")]
    Close(WhichArgs),
    /// Put a closed poll away
    #[command(after_long_help = "\
Examples:
  The only one that is closed:
      chatroom poll archive --token-file admin.token")]
    Archive(WhichArgs),
    /// Delete a poll that does not run
    #[command(after_long_help = "\
Examples:
  Without a question:
      chatroom poll list --token-file admin.token
      chatroom poll delete 01997b1c --token-file admin.token --yes")]
    Delete(DeleteArgs),
    /// Write a poll anew that has not started
    ///
    /// What is not said stays as it is.
    #[command(after_long_help = "\
Examples:
  Another question:
      chatroom poll edit 01997b1c --question \"Which duck was it?\" \\
          --token-file admin.token
  Other options, of which voters may choose several:
      chatroom poll edit 01997b1c --option 417 --option 12 --multi \\
          --token-file admin.token")]
    Edit(EditArgs),
    /// Vote, and know that the vote counts; a later one replaces it
    #[command(after_long_help = "\
Examples:
  By number, as `poll show` numbers them:
      chatroom poll vote 2 --token-file viewer.token
  By text, where voters may choose several:
      chatroom poll vote Tennis Chess --token-file viewer.token")]
    Vote(VoteArgs),
    /// Draw the votes as they come in
    #[command(after_long_help = "\
Examples:
  Until Ctrl-C:
      chatroom poll watch --token-file viewer.token
  Every step for a program, for ten minutes:
      chatroom poll watch --json --for 10m --token-file viewer.token")]
    Watch(WatchArgs),
}

/// `chatroom poll create`
#[derive(Debug, clap::Args)]
pub(crate) struct CreateArgs {
    /// The question
    #[arg(value_name = "QUESTION", value_parser = not_empty())]
    pub(crate) question: String,
    /// What may be chosen
    #[arg(value_name = "OPTION", required = true, value_parser = not_empty())]
    pub(crate) options: Vec<String>,
    /// Let each voter choose several options
    #[arg(long)]
    pub(crate) multi: bool,
    /// The number of an option that is right, from 1; may be repeated
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) correct: Vec<u16>,
}

/// A poll.
#[derive(Debug, clap::Args)]
pub(crate) struct WhichArgs {
    /// The poll's id, or the beginning of it
    #[arg(value_name = "ID", value_parser = not_empty())]
    pub(crate) poll: Option<String>,
}

/// `chatroom poll delete`
#[derive(Debug, clap::Args)]
pub(crate) struct DeleteArgs {
    /// The poll's id, or the beginning of it
    #[arg(value_name = "ID", value_parser = not_empty())]
    pub(crate) poll: String,
    #[command(flatten)]
    pub(crate) sure: SureArgs,
}

/// `chatroom poll edit`
#[derive(Debug, clap::Args)]
pub(crate) struct EditArgs {
    /// The poll's id, or the beginning of it
    #[arg(value_name = "ID", value_parser = not_empty())]
    pub(crate) poll: String,
    /// Another question
    #[arg(long, value_name = "TEXT", value_parser = not_empty())]
    pub(crate) question: Option<String>,
    /// Other options instead of all that there are; may be repeated
    #[arg(long = "option", value_name = "TEXT", value_parser = not_empty())]
    pub(crate) options: Vec<String>,
    /// Let each voter choose several options
    #[arg(long)]
    pub(crate) multi: bool,
    /// Let each voter choose one option
    #[arg(long, conflicts_with = "multi")]
    pub(crate) single: bool,
    /// The number of an option that is right, from 1, instead of those so far; may be repeated
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) correct: Vec<u16>,
}

/// `chatroom poll vote`
#[derive(Debug, clap::Args)]
pub(crate) struct VoteArgs {
    /// What is chosen: the option's number, its whole text, its id, or the beginning of the id
    #[arg(value_name = "OPTION", required = true, value_parser = not_empty())]
    pub(crate) options: Vec<String>,
    /// The poll's id, or the beginning of it; without it, the one that runs
    #[arg(long, value_name = "ID", value_parser = not_empty())]
    pub(crate) poll: Option<String>,
    /// Give up, with exit code 3, when it is not done within this time
    #[arg(long, value_name = "DUR", default_value = "30s", value_parser = value::duration)]
    pub(crate) timeout: Duration,
}

/// `chatroom poll watch`
#[derive(Debug, clap::Args)]
pub(crate) struct WatchArgs {
    /// End after this time, such as 90s or 1h30m
    #[arg(long = "for", value_name = "DUR", value_parser = value::duration)]
    pub(crate) length: Option<Duration>,
    /// Give up, with exit code 3, when the room can't be had for this long [default: never]
    #[arg(long, value_name = "DUR", value_parser = value::duration)]
    pub(crate) timeout: Option<Duration>,
}
