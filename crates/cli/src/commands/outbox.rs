//! `chatroom outbox`: own messages that wait to be sent, over the end of a program.
//!
//! - [`Keeping`]: the outbox of a command that sends
//! - [`slots`]: its files; [`leftovers`]: what an earlier run left

pub(super) mod leftovers;
mod slots;

use std::{path::PathBuf, time::Duration};

use chatroom_client::{Builder, Kept, Outbox, OutboxError};
use chatroom_wire::SafeText;
use etcetera::BaseStrategy as _;
use jiff::Timestamp;
use serde_json::json;

use self::leftovers::{Leftovers, text};
use super::{
    confirm::{Reversal, confirm},
    print_lines, setup,
};
use crate::{
    access::{
        Access,
        whose::{Whose, safe},
    },
    args::{
        GlobalArgs,
        outbox::{KeepingArgs, OutboxArgs, OutboxCommand, Place, PlaceArgs},
    },
    diagnostics,
    environment::Environment,
    failure::Failure,
    output::json_line,
    profile::Profile,
    words::messages,
};

/// The outbox of a command that sends, and for how long messages may wait.
#[derive(Debug)]
pub(super) struct Keeping {
    outbox: Option<Outbox>,
    ttl: Duration,
}

impl Keeping {
    /// Takes a file of the outbox for this program alone.
    pub(super) fn begin(args: &KeepingArgs, access: &Access, global: &GlobalArgs) -> Result<Self, Failure> {
        let outbox = match directory(&args.place, global)? {
            None => None,
            Some(directory) => Some(slots::take(&directory, &access.whose())?),
        };
        if let Some(broken) = outbox.as_ref().map(Outbox::broken).filter(|broken| *broken > 0) {
            let lines = if broken == 1 { "1 line".to_owned() } else { format!("{broken} lines") };
            let told = format!("{lines} of the outbox could not be read: what stood there is lost");
            diagnostics::warn(&told, global.color);
        }
        Ok(Self { outbox, ttl: args.ttl })
    }

    /// What an earlier run left.
    pub(super) fn leftovers(&self) -> Leftovers {
        self.outbox.as_ref().map(|outbox| Leftovers::of(outbox.left(), self.ttl, Timestamp::now())).unwrap_or_default()
    }

    /// Gives it to the session.
    pub(super) fn equip(self, builder: Builder) -> Builder {
        let builder = builder.time_to_live(self.ttl);
        match self.outbox {
            Some(outbox) => builder.outbox(outbox),
            None => builder,
        }
    }
}

pub(super) async fn run(args: OutboxArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let files = match directory(&args.place, global)? {
        None => Vec::new(),
        Some(path) => slots::all(&path).map_err(|source| OutboxError::File { path, source })?,
    };
    match args.command {
        OutboxCommand::List(list) => {
            let mut lines = Vec::new();
            for path in &files {
                let whose = Whose::of(path);
                let line = |kept: &Kept| if list.json { json_told(&whose, kept) } else { told(&whose, kept) };
                lines.extend(Outbox::peek(path)?.iter().map(line));
            }
            if lines.is_empty() {
                diagnostics::note("nothing waits to be sent", global.color);
            }
            print_lines(lines).await
        }
        OutboxCommand::Clear(clear) => self::clear(&files, clear.yes, global),
    }
}

fn clear(files: &[PathBuf], yes: bool, global: &GlobalArgs) -> Result<(), Failure> {
    let (mut free, mut busy) = (Vec::new(), 0);
    for path in files {
        match Outbox::open(path) {
            Ok(outbox) => free.push(outbox),
            Err(OutboxError::InUse { .. }) => busy += Outbox::peek(path)?.len(),
            Err(error) => return Err(error.into()),
        }
    }
    if busy > 0 {
        let told = format!("{} of a program that runs: not given up here", messages(busy));
        diagnostics::note(&told, global.color);
    }
    let count = free.iter().map(|outbox| outbox.left().len()).sum();
    if count == 0 {
        diagnostics::note("nothing waits to be sent", global.color);
        return Ok(());
    }
    let question = format!("Give up {}, so that they are never sent?", messages(count));
    if !confirm(&question, Reversal::Impossible, yes)? {
        return Ok(());
    }
    for outbox in free {
        outbox.clear()?;
    }
    diagnostics::note(&format!("{} given up", messages(count)), global.color);
    Ok(())
}

/// Where the outboxes are, by options, environment, profile and platform, in this order; none where nothing is to be kept.
fn directory(args: &PlaceArgs, global: &GlobalArgs) -> Result<Option<PathBuf>, Failure> {
    let (profile, environment) = setup(global)?;
    let of_environment = || environment.text("CHATROOM_OUTBOX").and_then(|text| text.parse().ok());
    match args.outbox.clone().or_else(of_environment).or(profile.outbox) {
        Some(Place::Nowhere) => Ok(None),
        Some(Place::Directory(directory)) => Ok(Some(directory)),
        None => platform_directory(global, &environment).map(Some),
    }
}

fn platform_directory(global: &GlobalArgs, environment: &Environment<'_>) -> Result<PathBuf, Failure> {
    let base = etcetera::choose_base_strategy().map_err(|_| Failure::NoStateDirectory)?;
    // Where the platform makes no difference between state and data.
    let state = base.state_dir().unwrap_or_else(|| base.data_dir());
    let profile = Profile::name(global.profile.as_deref(), environment);
    Ok(state.join("chatroom").join("outbox").join(safe(&profile)))
}

fn told(whose: &Whose, kept: &Kept) -> String {
    let (room, user) = (SafeText::name(&whose.room, "-"), SafeText::name(&whose.user, "-"));
    format!("[{}] {room} {user}: {}", kept.written_at, text(&kept.message))
}

fn json_told(whose: &Whose, kept: &Kept) -> String {
    json_line(&json!({
        "room": whose.room,
        "user": whose.user,
        "id": kept.message.id,
        "written_at": kept.written_at,
        "text": kept.message.text(),
    }))
}
