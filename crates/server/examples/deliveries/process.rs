//! The server as a process of its own, so that it can be killed, or asked to stop.

use std::{
    io::{BufRead as _, BufReader},
    net::Ipv4Addr,
    process::{Child, Command, ExitStatus, Stdio},
};

use chatroom_server::{Data, Options, Server};
use tokio::signal::unix::{SignalKind, signal};

use crate::Failure;

/// The word that makes this program the server.
pub(crate) const SERVE: &str = "serve";

/// Serves from this directory until killed, or gently asked to stop. Port 0 is any.
pub(crate) async fn serve(directory: &str, ports: [usize; 2]) -> Result<(), Failure> {
    let mut asked = signal(SignalKind::terminate())?;
    let mut options = Options::new(Data::Directory(directory.into()));
    let [plain, secure] = ports.map(u16::try_from);
    options.listen = Some((Ipv4Addr::LOCALHOST, plain?).into());
    options.tls_listen = Some((Ipv4Addr::LOCALHOST, secure?).into());
    for setting in ["connections.per_user", "rate.viewer"] {
        options.settings.set(setting, "1000000")?;
    }
    options.settings.set("rate.viewer_bytes", "1024MiB")?;
    let server = Server::start(options).await?;
    let ports = [server.address(), server.tls_address()].map(|address| address.map_or(0, |address| address.port()));
    println!("{} {}", ports[0], ports[1]);
    tokio::select! {
        _ = asked.recv() => server.shutdown().await,
        () = server.stopped() => {}
    }
    Ok(())
}

/// A server that runs; killed when dropped.
pub(crate) struct Process {
    child: Child,
    /// Without TLS, and with it.
    pub(crate) ports: [u16; 2],
}

impl Process {
    /// Returns when it takes connections.
    pub(crate) fn start(directory: &str, ports: [u16; 2]) -> Result<Self, Failure> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args([SERVE, directory]).args(ports.map(|port| port.to_string())).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut line)?;
        let mut ports = line.split_whitespace().map(str::parse);
        let mut port = || ports.next().ok_or("the server does not start");
        let ports = [port()??, port()??];
        Ok(Self { child, ports })
    }

    /// Asks it to stop: SIGTERM.
    pub(crate) fn terminate(&self) -> Result<(), Failure> {
        let told = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status()?;
        if told.success() { Ok(()) } else { Err("the server can't be told to stop".into()) }
    }

    /// Blocks until it has ended.
    pub(crate) fn wait(&mut self) -> Result<ExitStatus, Failure> {
        Ok(self.child.wait()?)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
