//! A thousand connections that send or take next to nothing, made by somebody else's tool for that: they are cut, and
//! those who behave go on meanwhile.
#![cfg(target_os = "linux")]

use std::{
    fs,
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use chatroom_wire::rest::{PREFIX, Role};
use tokio::time::timeout;

use crate::bed::{Client, PATIENCE, config, join, server, text, token};

/// How many connections the tool opens.
const CONNECTIONS: usize = 1000;

/// slowhttptest at work, until dropped.
struct Tool(Child);

impl Tool {
    fn start(arguments: &[&str], address: SocketAddr, path: &str) -> Self {
        let count = CONNECTIONS.to_string();
        let child = Command::new("slowhttptest")
            .args(["-c", &count, "-r", &count, "-l", "120", "-p", "30", "-u", &format!("http://{address}{path}")])
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(child.expect("`cargo xtask test` installs slowhttptest"))
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// How many connections the server holds at this port: those that the system closes by itself do not count.
fn held(address: SocketAddr) -> usize {
    const ESTABLISHED: &str = "01";
    let local = format!(":{:04X}", address.port());
    let table = fs::read_to_string("/proc/net/tcp").unwrap();
    let columns = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    table.lines().map(columns).filter(|row| row[1].ends_with(&local) && row[3] == ESTABLISHED).count()
}

/// Those who behave.
struct Healthy {
    server: chatroom_server::RunningServer,
    ada: Client,
    bob: Client,
    said: u32,
}

impl Healthy {
    async fn new() -> Self {
        let settings = [("connect.timeout", "5s"), ("write.timeout", "5s"), ("rate.viewer", "1000000")];
        let server = server(&settings).await;
        let (ada, bob) = (join(&server, "ada", Role::Viewer).await, join(&server, "bob", Role::Viewer).await);
        Self { server, ada, bob, said: 0 }
    }

    fn address(&self) -> SocketAddr {
        self.server.address().unwrap()
    }

    /// One says something and the other hears it; somebody makes a call.
    async fn go_on(&mut self) {
        self.said += 1;
        let words = self.said.to_string();
        self.ada.must_say(&text(&words)).await;
        assert_eq!(self.bob.texts(1).await, [words]);
        config(&self.server, &token(&self.server, "eve", Role::Viewer).await.token).await;
    }

    async fn survive(&mut self, arguments: &[&str], path: &str) {
        let _tool = Tool::start(arguments, self.address(), path);
        let flood = async {
            while held(self.address()) < CONNECTIONS / 2 {
                self.go_on().await;
            }
            // A new client gets in beside them.
            drop(join(&self.server, "late", Role::Viewer).await);
            while held(self.address()) > CONNECTIONS / 100 {
                self.go_on().await;
            }
        };
        timeout(PATIENCE * 3, flood).await.expect("the slow ones come, and are cut");
        self.go_on().await;
    }
}

#[tokio::test]
async fn a_thousand_heads_that_never_end_are_cut_and_nobody_else_is_kept_waiting() {
    Healthy::new().await.survive(&["-H", "-i", "1"], "/").await;
}

#[tokio::test]
async fn a_thousand_bodies_that_never_end_are_cut_and_nobody_else_is_kept_waiting() {
    let arguments = ["-B", "-i", "1", "-f", "application/json", "-s", "8192"];
    Healthy::new().await.survive(&arguments, &format!("{PREFIX}/chatrooms/tokens:refresh")).await;
}

#[tokio::test]
async fn a_thousand_that_do_not_take_their_answers_are_cut_and_nobody_else_is_kept_waiting() {
    let arguments = ["-X", "-w", "10", "-y", "20", "-n", "1", "-z", "5", "-k", "3"];
    Healthy::new().await.survive(&arguments, "/openapi.json").await;
}
