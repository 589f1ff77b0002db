//! `chatroom room`: make a room, show how one is, or keep somebody out.

mod bar;
mod block;

use std::io::{self, IsTerminal as _};

use chatroom_wire::{
    SafeText,
    rest::{CounterKey, CreateChatroom},
};

use super::{poll::chart::Look, print_lines, rooms, visitor};
use crate::{
    args::{
        GlobalArgs,
        room::{CreateRoomArgs, RoomArgs, RoomCommand, ShowRoomArgs},
    },
    cells, diagnostics,
    environment::Environment,
    failure::Failure,
    output::json_line,
};

pub(super) async fn run(args: RoomArgs, global: &GlobalArgs) -> Result<(), Failure> {
    match args.command {
        RoomCommand::Create(args) => create(args, global).await,
        RoomCommand::Show(args) => show(args, global).await,
        RoomCommand::Bar(args) => bar::bar(args, global).await,
        RoomCommand::Unbar(args) => bar::unbar(args, global).await,
        RoomCommand::Barred(args) => bar::list(args, global).await,
    }
}

async fn create(args: CreateRoomArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let rooms = rooms(&args.org, global)?;
    let custom_counters = args.counters.into_iter().map(|key| CounterKey { key }).collect();
    let room = rooms
        .create(&CreateChatroom { custom_counters })
        .await
        .map_err(|source| Failure::OrgCall { what: "the room can't be made", source })?;
    if args.json {
        return print_lines([json_line(&room)]).await;
    }
    let id = SafeText::line(room.id.as_str());
    print_lines([id.to_string()]).await?;
    let next = format!("made a room; a token for it: chatroom token create --room {id} --out FILE");
    diagnostics::note(&next, global.color);
    Ok(())
}

async fn show(args: ShowRoomArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let room = visitor(&args.visitor, global)?
        .chatroom()
        .await
        .map_err(|source| Failure::Call { what: "the room can't be shown", source })?;
    if args.json {
        return print_lines([json_line(&room)]).await;
    }
    let look = Look {
        width: cells::width_of_stdout(),
        unicode: io::stdout().is_terminal() && cells::is_utf8(&Environment::of_process()),
        palette: global.color.palette(&io::stdout()),
    };
    print_lines(block::lines(&room, look)).await
}
