//! `chatroom poll`

use clap::Subcommand;

/// `chatroom poll`
#[derive(Debug, clap::Args)]
pub(crate) struct PollArgs {
    #[command(subcommand)]
    pub(crate) command: PollCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum PollCommand {}
