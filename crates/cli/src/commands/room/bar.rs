//! Who is kept out of a room.

use chatroom_wire::{RoomId, SafeText, UserId};

use super::super::{print_lines, rooms};
use crate::{
    args::{
        GlobalArgs,
        room::{BarArgs, BarredArgs},
    },
    cells, diagnostics,
    failure::Failure,
    output::json_line,
};

pub(super) async fn bar(args: BarArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let (room, user) = (RoomId::from(args.room), UserId::from(args.user));
    let changed = rooms(&args.org, global)?
        .bar(&room, &user)
        .await
        .map_err(|source| Failure::OrgCall { what: "the person can't be barred", source })?;
    let name = SafeText::line(user.as_str());
    let done = if changed {
        format!("barred {name}: their connections are ended, and nothing that they send gets in")
    } else {
        format!("{name} was barred already")
    };
    diagnostics::note(&done, global.color);
    Ok(())
}

pub(super) async fn unbar(args: BarArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let (room, user) = (RoomId::from(args.room), UserId::from(args.user));
    let changed = rooms(&args.org, global)?
        .unbar(&room, &user)
        .await
        .map_err(|source| Failure::OrgCall { what: "the person can't be let in again", source })?;
    let name = SafeText::line(user.as_str());
    if !changed {
        let problem = format!("{name} is not barred from this room");
        return Err(Failure::Refused { problem, hint: "`chatroom room barred` lists who is, by their ids" });
    }
    diagnostics::note(&format!("unbarred {name}: they may come in again"), global.color);
    Ok(())
}

pub(super) async fn list(args: BarredArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let barred = rooms(&args.org, global)?
        .barred(&RoomId::from(args.room))
        .await
        .map_err(|source| Failure::OrgCall { what: "the barred people can't be listed", source })?;
    if args.json {
        return print_lines(barred.iter().map(json_line)).await;
    }
    let rows = barred.iter().map(|bar| [SafeText::line(bar.user_id.as_str()).to_string(), bar.barred_at.to_string()]);
    print_lines(cells::columns(&rows.collect::<Vec<_>>())).await
}
