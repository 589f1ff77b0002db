//! The commands: one file each, and what they share.
//!
//! - [`demo`], [`serve`], [`tail`], [`send`], [`join`]
//! - [`stop`]: when a command is to end; [`crowd`]: the people of the demo

mod crowd;
mod demo;
mod join;
mod send;
mod serve;
mod stop;
mod tail;

use std::{io, process::ExitCode, time::Duration};

use chatroom_client::{EventStream, Room};
use jiff::Timestamp;
use tokio::runtime::{Builder as RuntimeBuilder, Runtime};

use crate::{
    access::Access,
    args::{Args, Command, GlobalArgs, access::AccessArgs},
    diagnostics,
    environment::Environment,
    failure::Failure,
    log,
    output::View,
    profile::Profile,
};

/// How long a clean farewell may take.
const FAREWELL: Duration = Duration::from_secs(2);

/// Does what the command line says, and tells what failed.
pub(crate) fn run(args: Args) -> ExitCode {
    let color = args.global.color;
    match carry_out(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            diagnostics::report(&failure, color);
            failure.exit().into()
        }
    }
}

fn carry_out(Args { global, command }: Args) -> Result<(), Failure> {
    log::start(global.log.as_deref(), Environment::of_process().text("RUST_LOG"))?;
    let runtime = runtime(&command).map_err(|source| Failure::System { what: "threads", source })?;
    let result = runtime.block_on(async {
        match command {
            Command::Demo(args) => demo::run(args, &global).await,
            Command::Serve(args) => serve::run(args).await,
            Command::Tail(args) => tail::run(args, &global).await,
            Command::Send(args) => send::run(args, &global).await,
            Command::Join(args) => join::run(args, &global).await,
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
        Command::Tail(_) | Command::Send(_) | Command::Join(_) => RuntimeBuilder::new_current_thread(),
    }
    .enable_all()
    .build()
}

/// How the room is reached, by all that the user set up; warnings are told.
fn access(args: &AccessArgs, global: &GlobalArgs) -> Result<Access, Failure> {
    let environment = Environment::of_process();
    let profile = Profile::load(global.profile.as_deref(), global.config_file.as_deref(), &environment)?;
    let access = Access::resolve(args, &profile, &environment, Timestamp::now(), io::stdin())?;
    for warning in &access.warnings {
        diagnostics::warn(warning, global.color);
    }
    Ok(access)
}

/// Joins the room.
fn enter(access: Access, history: usize, timeout: Option<Duration>) -> Result<(Room, EventStream), Failure> {
    let mut builder = access.builder().history(history);
    if let Some(timeout) = timeout {
        builder = builder.patience(timeout);
    }
    builder.build().map_err(Failure::Build)
}

/// A view of plain lines, or of JSON.
fn view(global: &GlobalArgs, name: Option<&str>, json: bool) -> View {
    View {
        json,
        notices: false,
        out: global.color.palette(&io::stdout()),
        err: global.color.palette(&io::stderr()),
        name: name.map(str::to_owned),
        joined: false,
    }
}
