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

    /// A life of the server that is killed when it has lasted so long, ready or not.
    pub(super) async fn short_life(&self, length: Duration) {
        let process = serve(&self.home).start();
        let life = async {
            self.proxy.lead_to(upstream(&ready(&process).await));
            std::future::pending::<()>().await;
        };
        assert!(tokio::time::timeout(length, life).await.is_err(), "the life has no other end");
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

/// From `least` to `most` milliseconds.
pub(super) fn some_time(dice: &mut Dice, least: u64, most: u64) -> Duration {
    Duration::from_millis(least + dice.below(most - least + 1))
}

async fn ready(process: &Process) -> Ready {
    let line = process.out_line(|line| line.contains("\"ready\"")).await;
    Ready::parse(&line).expect("the ready line has all of its fields")
}

fn serve(home: &Home) -> Program {
    let settings = ["--set", "rate.viewer=100000", "--set", "connections.per_user=1000"];
    chatroom(home).args(["serve", "--ready", "json"]).args(ANY_PORTS).args(settings).arg("--data").arg(data(home))
}

fn data(home: &Home) -> PathBuf {
    home.path().join("data")
}

fn upstream(ready: &Ready) -> SocketAddr {
    address(&ready.tls_api).replace("localhost", "127.0.0.1").parse().expect("the server says where it listens")
}
