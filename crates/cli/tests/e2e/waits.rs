//! What ends the wait for the next attempt: a key, the word to go on, a network that comes.
//!
//! The server says once to come back in an hour, so that nothing else lets anybody in within a test's patience.

#[cfg(target_os = "linux")]
mod namespace;

use std::sync::atomic::{AtomicBool, Ordering};

use chatroom_testkit::certs::{Certs, Leaf};
use chatroom_testkit::config_file;
use chatroom_testkit::endpoint::{Endpoint, Link};
use chatroom_testkit::process::{Home, Process, Program};
use chatroom_testkit::scripted::{OnSubscribe, Script};
use chatroom_testkit::token;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use crate::support::chatroom;

const HOUR: u64 = 3600;

#[tokio::test]
async fn who_presses_enter_is_let_in_at_once() {
    let door = Door::new().await;
    let mut join = door.program("join").open_input().start();
    door.turned_away(&join).await;
    join.say("").await;
    door.let_in(&join).await;
    join.signal("INT").await;
    join.exit().await.assert_code(0);
}

#[cfg(unix)]
#[tokio::test]
async fn who_was_stopped_and_goes_on_is_let_in_at_once() {
    let door = Door::new().await;
    let tail = door.program("tail").start();
    door.turned_away(&tail).await;
    tail.signal("STOP").await;
    tail.signal("CONT").await;
    door.let_in(&tail).await;
    tail.signal("INT").await;
    tail.exit().await.assert_code(0);
}

/// In a network of the test's own, where nothing has an address but the loopback. On machines that give such none to
/// their users, or have no `unshare` and `ip`, this is told and not tried.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn who_comes_into_a_network_is_let_in_at_once() {
    if !namespace::is_inside() {
        if let Err(reason) = namespace::run("waits::who_comes_into_a_network_is_let_in_at_once").await {
            println!("not tried: {reason}");
        }
        return;
    }
    let door = Door::new().await;
    let tail = door.program("tail").start();
    door.turned_away(&tail).await;
    tokio::select! {
        () = door.let_in(&tail) => {}
        () = namespace::networks_come() => {}
    }
    tail.signal("INT").await;
    tail.exit().await.assert_code(0);
}

/// A room whose server is busy at first.
struct Door {
    home: Home,
    certs: Certs,
    config: String,
    /// In front of the room.
    front: Endpoint,
    _room: Endpoint,
}

impl Door {
    async fn new() -> Self {
        let (home, certs) = (Home::new(), Certs::new());
        let said = json!([{
            "id": "1",
            "user": {"id": "u", "device_id": "d", "custom_name": "Grace"},
            "type": "INTERACTION_TYPE_TEXT",
            "text_message": {"text": "welcome"},
            "received_at": "2026-06-01T20:15:00Z",
        }]);
        let subscribe = OnSubscribe::Grant(vec![said.to_string().into()]);
        let room = Script { subscribe, ..Script::default() }.start(None).await;
        let (behind, was_busy) = (room.address(), AtomicBool::new(false));
        let front = Endpoint::start(Some(certs.server(Leaf::Good)), move |mut link| {
            let is_busy = !was_busy.swap(true, Ordering::Relaxed);
            async move {
                if is_busy {
                    turn_away(&mut link).await;
                } else if let Ok(mut room) = TcpStream::connect(behind).await {
                    // Whichever side fails first ends both.
                    drop(copy_bidirectional(&mut link, &mut room).await);
                }
            }
        });
        let front = front.await;
        let config = config_file::details(&front.host(), &token::good());
        let config = home.file("config.json", config.to_string()).display().to_string();
        Self { home, certs, config, front, _room: room }
    }

    fn program(&self, command: &str) -> Program {
        chatroom(&self.home).args([command, "--config", &self.config]).arg("--ca-file").arg(self.certs.ca_file())
    }

    /// Waits until it has been told to come back in an hour, and means to.
    async fn turned_away(&self, process: &Process) {
        let told = process.err_line(|line| line.contains("trying again in")).await;
        let seconds = told.rsplit(' ').nth(1).and_then(|seconds| seconds.parse::<u64>().ok());
        assert!(seconds.is_some_and(|seconds| seconds >= HOUR), "{told}");
        assert_eq!(self.front.record().connections(), 1);
    }

    /// Waits until it hears the room.
    async fn let_in(&self, process: &Process) {
        process.out_line(|line| line.ends_with(": welcome")).await;
        assert_eq!(self.front.record().connections(), 2);
    }
}

/// Answers the request for a WebSocket: not now, and not for an hour.
async fn turn_away(link: &mut Link) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match link.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\nretry-after: {HOUR}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    if link.write_all(answer.as_bytes()).await.is_ok() {
        drop(link.shutdown().await);
    }
}
