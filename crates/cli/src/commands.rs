//! The commands: one file each, and what they share.
//!
//! - [`demo`], [`serve`], [`tail`], [`send`], [`join`]
//! - without joining a room: [`history`], [`room`], [`token`], [`moderate`], [`filter`], [`counter`], [`poll`], [`sticker`]
//! - [`outbox`]: what waits to be sent
//! - [`resolve`]: which thing is meant by an id or a name
//! - [`stop`]: when a command is to end; [`confirm`]: whether it is to begin; [`crowd`]: the people of the demo

mod confirm;
mod counter;
mod crowd;
mod demo;
mod filter;
mod history;
mod join;
mod moderate;
mod outbox;
mod poll;
mod resolve;
mod room;
mod send;
mod serve;
mod sticker;
mod stop;
mod tail;
mod token;
mod visit;

use std::{
    io::{self, IsTerminal as _},
    process::ExitCode,
    time::Duration,
};

use chatroom_client::{Builder, EventStream, Rest, Room, Rooms, Visitor};
use chatroom_wire::{Kind, Names};
use jiff::Timestamp;
use tokio::runtime::{Builder as RuntimeBuilder, Runtime};

use crate::{
    access::{Access, OrgAccess, VisitorAccess},
    args::{
        Args, Command, GlobalArgs, LineArgs, ShownArgs,
        access::{AccessArgs, OrgArgs, VisitorArgs},
    },
    diagnostics,
    environment::Environment,
    failure::Failure,
    log,
    output::{
        Events, Line, View,
        clock::{Clock, TimeStyle},
    },
    profile::Profile,
    signals::Continued,
};

/// How long a clean farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// Does what the command line says, and tells what failed.
pub(crate) fn run(Args { global, command }: Args) -> ExitCode {
    match carry_out(&global, command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let note = global.clock.note(&failure, Timestamp::now());
            diagnostics::report(&failure, note.as_deref(), global.color);
            failure.exit().into()
        }
    }
}

fn carry_out(global: &GlobalArgs, command: Command) -> Result<(), Failure> {
    if global.quiet {
        diagnostics::be_quiet();
    }
    let variable = Environment::of_process().text("RUST_LOG");
    if let Some(ignored) = log::start(global.log_filter(), variable.as_deref())? {
        diagnostics::warn(&format!("a part of $RUST_LOG is ignored: {ignored}"), global.color);
    }
    let runtime = runtime(&command).map_err(|source| Failure::System { what: "threads", source })?;
    let result = runtime.block_on(async {
        match command {
            Command::Demo(args) => demo::run(args, global).await,
            Command::Serve(args) => serve::run(args, global).await,
            Command::Tail(args) => tail::run(args, global).await,
            Command::Send(args) => send::run(args, global).await,
            Command::Join(args) => join::run(args, global).await,
            Command::History(args) => history::run(args, global).await,
            Command::Room(args) => room::run(args, global).await,
            Command::Token(args) => token::run(args, global).await,
            Command::Moderate(args) => moderate::run(args, global).await,
            Command::Filter(args) => filter::run(args, global).await,
            Command::Counter(args) => counter::run(args, global).await,
            Command::Poll(args) => poll::run(args, global).await,
            Command::Sticker(args) => sticker::run(args, global).await,
            Command::Outbox(args) => outbox::run(args, global).await,
        }
    });
    // Does not wait for anything: a look-up of a name may still be on its way.
    runtime.shutdown_background();
    result
}

/// A client fits on one thread; a server takes what there is.
fn runtime(command: &Command) -> io::Result<Runtime> {
    match command {
        Command::Demo(_) | Command::Serve(_) => RuntimeBuilder::new_multi_thread(),
        Command::Tail(_)
        | Command::Send(_)
        | Command::Join(_)
        | Command::History(_)
        | Command::Room(_)
        | Command::Token(_)
        | Command::Moderate(_)
        | Command::Filter(_)
        | Command::Counter(_)
        | Command::Poll(_)
        | Command::Sticker(_)
        | Command::Outbox(_) => RuntimeBuilder::new_current_thread(),
    }
    .enable_all()
    .build()
}

/// How the room is reached, by all that the user set up; warnings are told.
fn access(args: &AccessArgs, global: &GlobalArgs) -> Result<Access, Failure> {
    let (profile, environment) = setup(global)?;
    let access = Access::resolve(args, &profile, &environment, Timestamp::now(), io::stdin())?;
    global.clock.token(access.times());
    warn(&profile.warnings, global);
    warn(&access.warnings, global);
    Ok(access)
}

/// Somebody who calls the service with a chat token, without joining the room.
fn visitor(args: &VisitorArgs, global: &GlobalArgs) -> Result<Visitor, Failure> {
    visitor_at(args, global).map(|(_, visitor)| visitor)
}

/// The same, and the service.
fn visitor_at(args: &VisitorArgs, global: &GlobalArgs) -> Result<(Rest, Visitor), Failure> {
    let (profile, environment) = setup(global)?;
    let access = VisitorAccess::resolve(args, &profile, &environment, Timestamp::now())?;
    warn(&profile.warnings, global);
    warn(&access.warnings, global);
    global.clock.token(access.times());
    let (rest, visitor) = access.open().map_err(Failure::Build)?;
    global.clock.service(&rest);
    Ok((rest, visitor))
}

/// What makes rooms and tokens, in the name of the organisation.
fn rooms(args: &OrgArgs, global: &GlobalArgs) -> Result<Rooms, Failure> {
    let (profile, environment) = setup(global)?;
    let access = OrgAccess::resolve(args, &profile, &environment)?;
    warn(&profile.warnings, global);
    warn(&access.warnings, global);
    let (rest, rooms) = access.open().map_err(Failure::Build)?;
    global.clock.service(&rest);
    Ok(rooms)
}

/// The beginning of a session.
fn builder(access: Access, global: &GlobalArgs) -> Result<Builder, Failure> {
    let (builder, rest) = access.builder().map_err(Failure::Build)?;
    global.clock.service(&rest);
    Ok(builder)
}

/// What the user set up besides the command line.
fn setup(global: &GlobalArgs) -> Result<(Profile, Environment<'static>), Failure> {
    let environment = Environment::of_process();
    let profile = Profile::load(global.profile.as_deref(), global.config_file.as_deref(), &environment)?;
    Ok((profile, environment))
}

fn warn(warnings: &[String], global: &GlobalArgs) {
    for warning in warnings {
        diagnostics::warn(warning, global.color);
    }
}

/// What people say: the messages that `--history` counts, unless others were asked for.
const SAID: [Kind; 2] = [Kind::Text, Kind::Sticker];

/// Counts for the history what `view` shows, and not what happened between.
fn counting(builder: Builder, view: &View) -> Builder {
    match (view.types.as_slice(), view.json) {
        ([], true) => builder,
        ([], false) => builder.history_of(SAID),
        (types, _) => builder.history_of(types.iter().copied()),
    }
}

/// Joins the room.
fn enter(builder: Builder, history: usize, timeout: Option<Duration>) -> Result<(Room, EventStream), Failure> {
    let mut builder = builder.history(history);
    if let Some(timeout) = timeout {
        builder = builder.patience(timeout);
    }
    open(builder)
}

/// Starts a session that does not wait any longer for its next attempt once the program goes on after it was stopped.
fn open(builder: Builder) -> Result<(Room, EventStream), Failure> {
    let mut continued = Continued::listen().map_err(|source| Failure::System { what: "signals", source })?;
    let (room, events) = builder.build().map_err(Failure::Build)?;
    let waiting = room.clone();
    tokio::spawn(async move {
        loop {
            continued.next().await;
            waiting.retry();
        }
    });
    Ok((room, events))
}

/// Prints these lines of data.
async fn print_lines(lines: impl IntoIterator<Item = String>) -> Result<(), Failure> {
    let printer = tail::start_printer()?;
    for line in lines {
        if printer.print(Line::Data(line)).await.is_err() {
            break;
        }
    }
    printer.finish().await.map_err(Failure::Output)
}

/// A view of plain lines.
fn view(global: &GlobalArgs, name: Option<&str>) -> View {
    view_of(&ShownArgs::default(), global, name, false)
}

/// A view of plain lines, or of JSON.
fn view_of(shown: &ShownArgs, global: &GlobalArgs, name: Option<&str>, json: bool) -> View {
    let is_terminal = io::stdout().is_terminal();
    View {
        json,
        types: shown.types.clone(),
        events: if is_terminal { Events::Data } else { Events::Notes },
        ids: shown.lines.ids,
        clock: clock(&shown.lines, is_terminal),
        out: global.color.palette(&io::stdout()),
        err: global.color.palette(&io::stderr()),
        name: name.map(str::to_owned),
        joined: false,
        names: Names::default(),
    }
}

/// How times are written: short where a person looks, else as the sample does.
fn clock(lines: &LineArgs, is_terminal: bool) -> Clock {
    let default = if is_terminal { TimeStyle::Local } else { TimeStyle::Iso };
    Clock::new(lines.time.unwrap_or(default))
}
