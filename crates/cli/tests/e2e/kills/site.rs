//! A server with a data folder, behind a proxy, that is killed and started again; and the commands that go through the
//! proxy.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use chatroom_testkit::certs::{Certs, Leaf};
use chatroom_testkit::chaos_proxy::{ChaosProxy, Dice, Script, Tls};
use chatroom_testkit::process::{Exit, Home, Process, Program};
use chatroom_testkit::serve::{ANY_PORTS, Ready};

use crate::support::{address, chatroom};

pub(super) struct Site {
    home: Home,
    certs: Certs,
    /// Of the first life; ports are another server's then.
    ready: Ready,
    pub(super) proxy: ChaosProxy,
}

impl Site {
    /// A first server, which has made room and tokens.
    pub(super) async fn new() -> (Self, Process) {
        let (home, certs) = (Home::new(), Certs::new());
        let process = serve(&home).start();
        let ready = ready(&process).await;
        let tls = Tls::trusting(certs.server(Leaf::Good), &ready.ca_file);
        let proxy = ChaosProxy::start(upstream(&ready), Some(tls), Script::calm()).await;
        (Self { home, certs, ready, proxy }, process)
    }

    /// Another life of the server; it lasts until somebody ends it.
    pub(super) async fn serve(&self) -> Process {
        let process = serve(&self.home).start();
        self.proxy.lead_to(upstream(&ready(&process).await));
        process
    }

    /// A life of the server that ends with a kill, at a random moment.
    pub(super) async fn short_life(&self, moment: Moment) {
        let process = serve(&self.home).start();
        moment.wait(async { self.proxy.lead_to(upstream(&ready(&process).await)) }).await;
        let exit = process.kill().await;
        assert_eq!(exit.code, None, "it ended by itself\n{}", exit.transcript());
    }

    /// A command as a viewer, through the proxy.
    pub(super) fn viewer(&self, args: &[&str]) -> Program {
        let program = chatroom(&self.home).args(args).arg("--api").arg(format!("https://{}", self.proxy.host()));
        program.arg("--token-file").arg(&self.ready.viewer_token_file).arg("--ca-file").arg(self.certs.ca_file())
    }

    /// `chatroom send` with its outbox in this home.
    pub(super) fn send(&self, args: &[&str]) -> Program {
        self.viewer(&["send", "--json", "--ttl", "1h"]).arg("--outbox").arg(self.outbox()).args(args)
    }

    /// What waits in the outbox.
    pub(super) async fn waiting(&self) -> Vec<String> {
        let list = chatroom(&self.home).args(["outbox", "list", "--outbox"]).arg(self.outbox()).run().await;
        list.assert_code(0).out.clone()
    }

    /// The room's log.
    pub(super) async fn history(&self) -> Exit {
        let history = self.viewer(&["history", "--json", "--oldest-first"]).run().await;
        history.assert_code(0);
        history
    }

    pub(super) fn data(&self) -> PathBuf {
        data(&self.home)
    }

    fn outbox(&self) -> PathBuf {
        self.home.path().join("outbox")
    }
}

/// When a program is killed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    /// So long after its start, whatever it does by then.
    AfterStart(Duration),
    /// So long after it was ready, however long that took.
    AfterReady(Duration),
}

impl Moment {
    /// One time in four soon after the start, else within two seconds of work.
    pub(super) fn draw(dice: &mut Dice) -> Self {
        match dice.below(4) {
            0 => Self::AfterStart(Duration::from_millis(dice.below(400))),
            _ => Self::AfterReady(Duration::from_millis(dice.below(2_000))),
        }
    }

    /// Waits for the moment of a program; `ready` waits until it is ready.
    pub(super) async fn wait(self, ready: impl Future<Output = ()>) {
        match self {
            Self::AfterStart(time) => {
                let life = async {
                    ready.await;
                    std::future::pending::<()>().await;
                };
                // Its time is all that ends it.
                drop(tokio::time::timeout(time, life).await);
            }
            Self::AfterReady(time) => {
                ready.await;
                tokio::time::sleep(time).await;
            }
        }
    }
}

async fn ready(process: &Process) -> Ready {
    let line = process.out_line(|line| line.contains("\"ready\"")).await;
    Ready::parse(&line).expect("the ready line has all of its fields")
}

fn serve(home: &Home) -> Program {
    let settings = ["rate.viewer=100000", "rate.viewer_bytes=100MiB", "connections.per_user=1000"];
    let settings = settings.into_iter().flat_map(|setting| ["--set", setting]);
    chatroom(home).args(["serve", "--ready", "json"]).args(ANY_PORTS).args(settings).arg("--data").arg(data(home))
}

fn data(home: &Home) -> PathBuf {
    home.path().join("data")
}

fn upstream(ready: &Ready) -> SocketAddr {
    address(&ready.tls_api).replace("localhost", "127.0.0.1").parse().expect("the server says where it listens")
}
