//! `chatroom moderate`: keep a room in order.
//!
//! - [`people`]: who is blocked; [`person`]: who is meant; [`messages`]: what is pinned and deleted
//! - [`search`]: looks through the history; [`list`]: how things stand; [`patience`]: many calls in a row

mod list;
mod messages;
pub(super) mod patience;
mod people;
mod person;
mod search;

use chatroom_client::{CallError, Visitor};
use chatroom_wire::Chatroom;
use serde::Serialize;

use super::{
    confirm::{Reversal, confirm},
    print_lines, visitor,
};
use crate::{
    args::{
        GlobalArgs,
        moderate::{ModerateArgs, ModerateCommand, Switch},
    },
    diagnostics,
    failure::Failure,
    output::json_line,
};

pub(super) async fn run(args: ModerateArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let desk = Desk { visitor: visitor(&args.visitor, global)?, json: args.json, global };
    match args.command {
        ModerateCommand::Mute(sure) => mute(&desk, sure.yes).await,
        ModerateCommand::Unmute => unmute(&desk).await,
        ModerateCommand::Block(block) => people::block(&desk, block).await,
        ModerateCommand::Unblock(person) => people::unblock(&desk, person).await,
        ModerateCommand::Pin(pin) => messages::pin(&desk, pin).await,
        ModerateCommand::Unpin(unpin) => messages::unpin(&desk, unpin).await,
        ModerateCommand::Delete(delete) => messages::delete(&desk, delete).await,
        ModerateCommand::Rename(rename) => people::rename(&desk, &rename.new_name).await,
        ModerateCommand::ViewerInfo(info) => viewer_info(&desk, info.switch).await,
        ModerateCommand::List => list::run(&desk).await,
    }
}

/// Who acts, and how it is told.
struct Desk<'a> {
    visitor: Visitor,
    json: bool,
    global: &'a GlobalArgs,
}

impl Desk<'_> {
    fn note(&self, text: &str) {
        diagnostics::note(text, self.global.color);
    }

    /// Asks, unless it was said beforehand; tells where nothing is to be done.
    fn sure(&self, question: &str, reversal: Reversal, yes: bool) -> Result<bool, Failure> {
        let sure = confirm(question, reversal, yes)?;
        if !sure {
            self.note("nothing was done");
        }
        Ok(sure)
    }

    /// The room as it is.
    async fn state(&self) -> Result<Chatroom, Failure> {
        self.visitor.chatroom().await.map_err(failed("the room can't be read"))
    }

    /// Whether the service says that we moderate; where it says nothing, its refusals will.
    async fn is_admin(&self) -> bool {
        self.visitor.config().await.is_ok_and(|config| config.user.is_admin)
    }

    /// Tells what was done, and as JSON what it was done to.
    async fn done(&self, told: &str, object: &impl Serialize) -> Result<(), Failure> {
        self.note(told);
        if self.json { print_lines([json_line(object)]).await } else { Ok(()) }
    }

    /// Tells what was done to the room, and as JSON the room as it is then.
    async fn room(&self, told: &str) -> Result<(), Failure> {
        self.note(told);
        if !self.json {
            return Ok(());
        }
        print_lines([json_line(&self.state().await?)]).await
    }
}

async fn mute(desk: &Desk<'_>, yes: bool) -> Result<(), Failure> {
    let was_muted = desk.state().await?.muted;
    let question = "mute the room? Only admins can write then, until `chatroom moderate unmute`.";
    if !was_muted && !desk.sure(question, Reversal::Possible, yes)? {
        return Ok(());
    }
    desk.visitor.mute().await.map_err(failed("the room can't be muted"))?;
    desk.room(if was_muted {
        "the room is already muted: only admins can write"
    } else {
        "the room is muted: only admins can write"
    })
    .await
}

async fn unmute(desk: &Desk<'_>) -> Result<(), Failure> {
    // Whoever may not do this is told so by the service.
    let was_muted = desk.state().await?.muted;
    desk.visitor.unmute().await.map_err(failed("the room can't be unmuted"))?;
    desk.room(if was_muted {
        "the room is open again: everybody can write"
    } else {
        "the room is already open: everybody can write"
    })
    .await
}

async fn viewer_info(desk: &Desk<'_>, switch: Switch) -> Result<(), Failure> {
    let shown = switch == Switch::On;
    let was_shown = desk.state().await?.viewer_info.is_some_and(|info| info.enabled);
    let told = match (was_shown, shown) {
        (false, true) => "everybody sees now how many are here",
        (true, true) => "everybody sees already how many are here",
        (true, false) => "how many are here is shown no more",
        (false, false) => "how many are here is already hidden",
    };
    desk.visitor.show_viewers(shown).await.map_err(failed("the number of viewers can't be switched"))?;
    desk.room(told).await
}

/// What could not be done, for a call's error.
fn failed(what: &'static str) -> impl Fn(CallError) -> Failure {
    move |source| Failure::Call { what, source }
}
