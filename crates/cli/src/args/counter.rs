//! `chatroom counter`

use clap::Subcommand;

/// `chatroom counter`
#[derive(Debug, clap::Args)]
pub(crate) struct CounterArgs {
    #[command(subcommand)]
    pub(crate) command: CounterCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum CounterCommand {}
