//! `chatroom serve`: rooms of one's own.

mod profile;
mod setup;
mod told;

use std::io::{self, IsTerminal as _};

use chatroom_server::{Data, RunningServer, Server, StartError};

use self::setup::Setup;
use super::stop::Stop;
use crate::{
    args::{GlobalArgs, ReadyFormat, ServeArgs},
    diagnostics::is_quiet,
    environment::Environment,
    failure::Failure,
    signals::Hangup,
};

pub(super) async fn run(args: ServeArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let environment = Environment::of_process();
    let setup = Setup::gather(&args, &environment)?;
    if args.print_config {
        return write(io::stdout(), &told::setup(&setup)).map_err(Failure::Output);
    }
    let (mut stop, mut hangup) = signals()?;
    let ready = args.ready;
    let mut options = setup.options()?;
    options.accept_clock = args.accept_clock;
    options.accept_store = args.accept_store;
    let ephemeral = options.data == Data::Ephemeral;
    let has_tls_files = options.tls_files.is_some();
    let server = Server::start(options).await.map_err(|error| match error {
        error @ StartError::Tls(_) if has_tls_files => Failure::TlsFiles(error),
        error => Failure::Start(error),
    })?;
    // Where stderr is closed there is nobody to tell.
    if !is_quiet() {
        drop(write(io::stderr(), &told::warnings(&server)));
    }
    // What goes away with the server leaves nothing behind.
    let profile = (!ephemeral)
        .then(|| profile::write(&server, global.config_file.as_deref(), &environment))
        .transpose()
        .inspect_err(|error| tracing::info!(%error, "no profile was written"));
    match ready {
        Some(ReadyFormat::Json) => {
            let profile = profile.as_ref().ok().and_then(Option::as_ref);
            write(io::stdout(), &told::ready(&server, profile)).map_err(Failure::Output)?;
        }
        // Where stderr is closed there is nobody to tell.
        None => drop(write(io::stderr(), &told::welcome(&server, profile.as_ref()))),
    }
    loop {
        tokio::select! {
            () = stop.signal() => break,
            () = hung_up(&mut hangup) => reload(&server).await,
            () = server.stopped() => return Err(Failure::ServerEnded),
        }
    }
    if ready.is_none() {
        drop(write(io::stderr(), &told::farewell(server.connections())));
    }
    drain(&server, &mut stop).await
}

/// With a terminal, its end is that of the server; without one, a hang-up has the certificates read anew.
fn signals() -> Result<(Stop, Option<Hangup>), Failure> {
    if io::stdin().is_terminal() || io::stdout().is_terminal() || io::stderr().is_terminal() {
        return Ok((Stop::after(None)?, None));
    }
    let hangup = Hangup::listen().map_err(|source| Failure::System { what: "signals", source })?;
    Ok((Stop::without_hangup()?, Some(hangup)))
}

async fn hung_up(hangup: &mut Option<Hangup>) {
    match hangup {
        Some(hangup) => hangup.next().await,
        None => std::future::pending().await,
    }
}

async fn reload(server: &RunningServer) {
    match server.reload_certificate().await {
        Ok(()) => tracing::info!("the certificate was read anew"),
        Err(error) => {
            tracing::error!(%error, "failed to read the certificate anew; the server keeps the one it has");
        }
    }
}

async fn drain(server: &RunningServer, stop: &mut Stop) -> Result<(), Failure> {
    tokio::select! {
        () = server.shutdown() => Ok(()),
        () = stop.hurry() => Err(Failure::Hurried),
    }
}

fn write(mut stream: impl io::Write, text: &str) -> io::Result<()> {
    stream.write_all(text.as_bytes())?;
    stream.flush()
}
