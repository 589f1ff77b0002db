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

    /// Keep somebody out of a room
    ///
    /// Ends the person's connections, and refuses all that they send until `room unbar`. It is announced to nobody, and
    /// what they wrote before stays; `moderate delete --user` takes it away. It needs the organisation's token, and a
    /// server of `chatroom serve`.
    #[command(after_long_help = "\
Examples:
  Somebody whose id is known:
      room=$(chatroom token inspect --token-file viewer.token --json \\
          | jq -r .room)
      chatroom room bar user-417 --room \"$room\" --org-token-file org-token")]
    Bar(BarArgs),

    /// Let somebody in again
    #[command(after_long_help = "\
Examples:
  Who is kept out? Then one of them:
      room=$(chatroom token inspect --token-file viewer.token --json \\
          | jq -r .room)
      chatroom room barred --room \"$room\" --org-token-file org-token
      chatroom room unbar user-417 --room \"$room\" --org-token-file org-token")]
    Unbar(BarArgs),

    /// List who is kept out of a room, and since when
    #[command(after_long_help = "\
Examples:
  Their ids alone:
      room=$(chatroom token inspect --token-file viewer.token --json \\
          | jq -r .room)
      chatroom room barred --room \"$room\" --org-token-file org-token --json \\
          | jq -r .user_id")]
    Barred(BarredArgs),
}

/// `chatroom room bar` and `chatroom room unbar`
#[derive(Debug, clap::Args)]
pub(crate) struct BarArgs {
    /// The person's id
    #[arg(value_name = "USER_ID", value_parser = not_empty())]
    pub(crate) user: String,
    /// The room
    #[arg(long, value_name = "ID", value_parser = not_empty())]
    pub(crate) room: String,
    #[command(flatten)]
    pub(crate) org: OrgArgs,
}

/// `chatroom room barred`
#[derive(Debug, clap::Args)]
pub(crate) struct BarredArgs {
    /// The room
    #[arg(long, value_name = "ID", value_parser = not_empty())]
    pub(crate) room: String,
    /// Print each of them as one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) org: OrgArgs,
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
