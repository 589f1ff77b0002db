//! `chatroom filter`

use clap::Subcommand;

/// `chatroom filter`
#[derive(Debug, clap::Args)]
pub(crate) struct FilterArgs {
    #[command(subcommand)]
    pub(crate) command: FilterCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum FilterCommand {}
