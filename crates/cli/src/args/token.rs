//! `chatroom token`

use std::path::PathBuf;

use chatroom_wire::{Time, rest::Role};
use clap::{Subcommand, ValueEnum};

use super::{
    access::{OrgArgs, ServiceArgs},
    examples, moment, not_empty,
};

/// `chatroom token`
#[derive(Debug, clap::Args)]
pub(crate) struct TokenArgs {
    #[command(subcommand)]
    pub(crate) command: TokenCommand,
}

/// What to do with a token.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Make a token for somebody
    ///
    /// Makes a chat token for a room, writes it into a file that only you can read, and says what it made. It needs the
    /// organisation's token. Give each person a token of their own: who shares one is one person to the room.
    #[command(after_long_help = examples::TOKEN_CREATE)]
    Create(CreateTokenArgs),

    /// Buy a fresh token
    ///
    /// Buys a fresh chat token with a refresh token, which stays good. Commands that are given a refresh token do this by
    /// themselves.
    #[command(after_long_help = examples::TOKEN_REFRESH)]
    Refresh(RefreshTokenArgs),

    /// Say what a token is good for, and until when
    ///
    /// Reads what the token says of itself, and asks nobody: whether its signature is right, only the service knows. A
    /// token that has ended is exit code 4.
    #[command(after_long_help = examples::TOKEN_INSPECT)]
    Inspect(InspectTokenArgs),
}

/// `chatroom token create`
#[derive(Debug, clap::Args)]
pub(crate) struct CreateTokenArgs {
    /// The room that the token is for
    #[arg(long, value_name = "ID", value_parser = not_empty())]
    pub(crate) room: String,
    /// What its bearer may do: viewer, to read and write, or admin, to moderate too
    #[arg(long, value_name = "ROLE", default_value = "viewer", hide_possible_values = true)]
    pub(crate) role: RoleChoice,
    /// The person's id; without it, a guest is made up
    #[arg(long, value_name = "ID", value_parser = not_empty())]
    pub(crate) subject: Option<String>,
    /// The id of the person's device
    #[arg(long, value_name = "ID", value_parser = not_empty())]
    pub(crate) device: Option<String>,
    /// The name shown to others
    #[arg(long, alias = "token-name", value_name = "NAME", value_parser = not_empty())]
    pub(crate) name: Option<String>,
    /// When the token is to end: such as 24h (from now), 23:58, or 2026-06-01 20:15 [default: the service decides]
    #[arg(long, value_name = "TIME", value_parser = moment::future, allow_hyphen_values = true)]
    pub(crate) expires: Option<Time>,
    /// Write the refresh token, which buys fresh tokens, into this file
    #[arg(long, value_name = "FILE")]
    pub(crate) refresh_out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) out: OutArgs,
    #[command(flatten)]
    pub(crate) org: OrgArgs,
}

/// `chatroom token refresh`
#[derive(Debug, clap::Args)]
pub(crate) struct RefreshTokenArgs {
    /// The file with the refresh token
    ///
    /// Else $CHATROOM_REFRESH_TOKEN_FILE, else the profile's refresh_token_file.
    #[arg(long, value_name = "FILE")]
    pub(crate) refresh_token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) out: OutArgs,
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
}

/// Where a token goes.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(crate) struct OutArgs {
    /// Write the token into this file, which only you can read
    ///
    /// A file that is there already needs --force. It keeps its mode then, unless everybody could read it. A pipe, a device
    /// or /dev/stdout is written into.
    #[arg(long, short, value_name = "FILE", required_unless_present = "show")]
    pub(crate) out: Option<PathBuf>,
    /// Write over files that are there already
    #[arg(long)]
    pub(crate) force: bool,
    /// Print the token on stdout: whoever sees it can use it
    #[arg(long)]
    pub(crate) show: bool,
    /// Print what was made as one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `chatroom token inspect`
#[derive(Debug, clap::Args)]
pub(crate) struct InspectTokenArgs {
    /// The file with the token
    ///
    /// Else the token itself in $CHATROOM_TOKEN, else the file $CHATROOM_TOKEN_FILE, else the profile's token_file.
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// Print the token itself too: whoever sees it can use it
    #[arg(long)]
    pub(crate) show: bool,
    /// Print what the token says as one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// A role, as it is written on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleChoice {
    /// Reads and writes.
    Viewer,
    /// Moderates too.
    Admin,
}

impl From<RoleChoice> for Role {
    fn from(choice: RoleChoice) -> Self {
        match choice {
            RoleChoice::Viewer => Self::Viewer,
            RoleChoice::Admin => Self::Admin,
        }
    }
}
