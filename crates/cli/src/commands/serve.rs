//! `chatroom serve`: rooms of one's own.

mod profile;
mod told;

use std::{
    fs,
    io::{self, IsTerminal as _},
    path::PathBuf,
};

use chatroom_server::{Data, Options, RunningServer, Server, Settings};
use etcetera::BaseStrategy as _;

use super::stop::Stop;
use crate::{
    args::{GlobalArgs, ReadyFormat, ServeArgs},
    environment::Environment,
    failure::Failure,
    signals::Hangup,
};

pub(super) async fn run(args: ServeArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let settings = settings(&args)?;
    if args.print_config {
        return write(io::stdout(), &told::settings(&settings)).map_err(Failure::Output);
    }
    let (mut stop, mut hangup) = signals()?;
    let ready = args.ready;
    let ephemeral = args.ephemeral;
    let server = Server::start(options(args, settings)?).await.map_err(Failure::Start)?;
    // Where stderr is closed there is nobody to tell.
    drop(write(io::stderr(), &told::warnings(&server)));
    // What goes away with the server leaves nothing behind.
    let profile = (!ephemeral)
        .then(|| profile::write(&server, global.config_file.as_deref(), &Environment::of_process()))
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

/// The defaults, overruled by the file, overruled by each `--set`.
fn settings(args: &ServeArgs) -> Result<Settings, Failure> {
    let mut settings = match &args.settings {
        None => Settings::default(),
        Some(path) => {
            let text =
                fs::read_to_string(path).map_err(|source| Failure::SettingsFile { path: path.clone(), source })?;
            Settings::from_toml(&text).map_err(|source| Failure::BadSettings { path: path.clone(), source })?
        }
    };
    for pair in &args.set {
        settings.set(&pair.key, &pair.value)?;
    }
    settings.check()?;
    Ok(settings)
}

fn options(args: ServeArgs, settings: Settings) -> Result<Options, Failure> {
    let data = match (args.ephemeral, args.data) {
        (true, _) => Data::Ephemeral,
        (false, Some(directory)) => Data::Directory(absolute(directory)),
        (false, None) => Data::Directory(default_directory()?),
    };
    let mut options = Options::new(data);
    options.listen = args.listen.0;
    options.tls_listen = args.tls_listen.0;
    options.tls_files = args.tls_cert.zip(args.tls_key);
    options.public_url = args.public_url;
    options.accept_clock = args.accept_clock;
    options.accept_store = args.accept_store;
    options.settings = settings;
    Ok(options)
}

fn default_directory() -> Result<PathBuf, Failure> {
    let base = etcetera::choose_base_strategy().map_err(|_| Failure::NoDataDirectory)?;
    Ok(base.data_dir().join("chatroom").join("server"))
}

/// What is told of the directory is used from other ones.
fn absolute(directory: PathBuf) -> PathBuf {
    std::path::absolute(&directory).unwrap_or(directory)
}
