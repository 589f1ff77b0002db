//! `chatroom moderate`

use clap::Subcommand;

/// `chatroom moderate`
#[derive(Debug, clap::Args)]
pub(crate) struct ModerateArgs {
    #[command(subcommand)]
    pub(crate) command: ModerateCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum ModerateCommand {}
