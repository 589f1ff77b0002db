//! `chatroom room`

use clap::Subcommand;

use super::{
    access::{OrgArgs, VisitorArgs},
    examples, not_empty,
};

/// `chatroom room`
#[derive(Debug, clap::Args)]
pub(crate) struct RoomArgs {
    #[command(subcommand)]
    pub(crate) command: RoomCommand,
}

/// What to do with a room.
#[derive(Debug, Subcommand)]
pub(crate) enum RoomCommand {
    /// Make a room
    ///
    /// Makes a room, and prints its id. It needs the organisation's token. Who is to come in needs a token of that room:
    /// `chatroom token create`.
    #[command(after_long_help = examples::ROOM_CREATE)]
    Create(CreateRoomArgs),

    /// Show the state of a room
    ///
    /// Prints the state of the token's room: whether viewers may write, its counters, what is pinned, who is blocked, how
    /// many watch, and the poll that runs.
    #[command(after_long_help = examples::ROOM_SHOW)]
    Show(ShowRoomArgs),
}

/// `chatroom room create`
#[derive(Debug, clap::Args)]
pub(crate) struct CreateRoomArgs {
    /// Give the room a counter with this key, such as like; may be repeated
    #[arg(long = "counter", value_name = "KEY", value_parser = not_empty())]
    pub(crate) counters: Vec<String>,
    /// Print the room as one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) org: OrgArgs,
}

/// `chatroom room show`
#[derive(Debug, clap::Args)]
pub(crate) struct ShowRoomArgs {
    /// Print the room as one line of JSON, as the service answers it
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) visitor: VisitorArgs,
}
