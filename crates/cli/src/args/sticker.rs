//! `chatroom sticker`: what may be written.

use std::time::Duration;

use clap::Subcommand;

use super::{access::VisitorArgs, not_empty, value};

/// The examples below the long help.
const EXAMPLES: &str = "\
Examples:
  Which packs does the room use, and what is in one?
      chatroom sticker packs --token-file viewer.token
      chatroom sticker show live --token-file viewer.token

  Send one; done means that the room has it:
      chatroom sticker send live clap --token-file viewer.token";

/// `chatroom sticker`
#[derive(Debug, clap::Args)]
// Its options may stand behind the subcommand too.
#[command(after_long_help = EXAMPLES, mut_args(|arg| arg.global(true)))]
pub(crate) struct StickerArgs {
    #[command(subcommand)]
    pub(crate) command: StickerCommand,
    /// Print JSON as the service writes it, one object a line
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) visitor: VisitorArgs,
}

/// What to do with the stickers.
#[derive(Debug, Subcommand)]
pub(crate) enum StickerCommand {
    /// List the packs that the room uses; for admins, all packs
    #[command(after_long_help = "\
Examples:
  Ids and names:
      chatroom sticker packs --token-file viewer.token")]
    Packs,
    /// List the stickers of a pack
    #[command(after_long_help = "\
Examples:
  What is in a pack?
      chatroom sticker show live --token-file viewer.token")]
    Show(PackArgs),
    /// Send a sticker, and know that it arrived
    #[command(after_long_help = "\
Examples:
  Clap:
      chatroom sticker send live clap --token-file viewer.token")]
    Send(SendArgs),
    /// Have the room use a pack
    #[command(after_long_help = "\
Examples:
  One pack:
      chatroom sticker enable live --token-file admin.token")]
    Enable(PackArgs),
    /// Have the room use a pack no more
    #[command(after_long_help = "\
Examples:
  One pack:
      chatroom sticker disable live --token-file admin.token")]
    Disable(PackArgs),
}

/// A pack.
#[derive(Debug, clap::Args)]
pub(crate) struct PackArgs {
    /// Its id, the beginning of it, or its name
    #[arg(value_name = "PACK", value_parser = not_empty())]
    pub(crate) pack: String,
}

/// `chatroom sticker send`
#[derive(Debug, clap::Args)]
pub(crate) struct SendArgs {
    #[command(flatten)]
    pub(crate) pack: PackArgs,
    /// The sticker's id within the pack, the beginning of it, or its name
    #[arg(value_name = "STICKER", value_parser = not_empty())]
    pub(crate) sticker: String,
    /// Give up, with exit code 3, when it is not done within this time
    #[arg(long, value_name = "DUR", default_value = "30s", value_parser = value::duration)]
    pub(crate) timeout: Duration,
}
