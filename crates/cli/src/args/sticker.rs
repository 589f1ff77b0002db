//! `chatroom sticker`

use clap::Subcommand;

/// `chatroom sticker`
#[derive(Debug, clap::Args)]
pub(crate) struct StickerArgs {
    #[command(subcommand)]
    pub(crate) command: StickerCommand,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum StickerCommand {}
