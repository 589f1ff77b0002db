//! Two programs with one client id, as when a file with a room's details is used twice: each throws the other out. They do
//! not do so for ever.
//!
//! Each comes by a relay of its own, which counts its CONNECTs.

use std::net::SocketAddr;

use chatroom_testkit::certs::{Certs, Leaf};
use chatroom_testkit::config_file::{self, PUB, SUB};
use chatroom_testkit::endpoint::Endpoint;
use chatroom_testkit::mosquitto::Mosquitto;
use chatroom_testkit::process::{Home, Process, Program};
use chatroom_testkit::service::Service;
use chatroom_testkit::{relay, token};
use serde_json::{Value, json};

use crate::support::{address, chatroom, joined, refusal, server};

/// So many rounds at most, whatever the server is.
const ROUNDS: usize = 3;

/// Our server says 0x8E.
#[tokio::test]
async fn at_our_own_server_who_is_thrown_out_ends_at_once_and_says_why() {
    let stage = Stage::new();
    let server = server(&stage.home).await;
    let plain: SocketAddr = address(&server.ready.api).parse().expect("it is an address");
    let config = server.viewer().config().await;
    let relays = [stage.relay(plain).await, stage.relay(plain).await];
    let first = stage.program("tail", &config, &relays[0]).start();
    joined(&first).await;
    let second = stage.program("tail", &config, &relays[1]).start();
    joined(&second).await;

    let thrown_out = first.exit().await;
    let words = "another client connected with the same client id and took over";
    assert_eq!(refusal(&thrown_out, 1, words), [""; 0], "{}", thrown_out.transcript());
    chatroom(&stage.home).args(["send", "still here"]).args(server.viewer_args()).run().await.assert_code(0);
    second.out_line(|line| line.ends_with(": still here")).await;
    assert_eq!(relays.each_ref().map(connects), [1, 1], "nobody came back");
}

/// Mosquitto closes without a word, so that each comes back and throws the other out.
#[tokio::test]
async fn at_a_broker_that_gives_no_reason_one_gives_way_after_three_rounds_and_says_why() {
    let stage = Stage::new();
    let broker = Mosquitto::start().await;
    let _service = Service::start(broker.address(), PUB, SUB).await;
    let config = config_file::details("replaced by the relay", &token::good());
    let relays = [stage.relay_to_tcp(broker.address()).await, stage.relay_to_tcp(broker.address()).await];
    // Both at once: the first round is as short as the others.
    let [first, second] = relays.each_ref().map(|relay| stage.program("join", &config, relay).open_input().start());

    let (loser, mut winner, rounds) = tokio::select! {
        () = gives_way(&first) => (first, second, connects(&relays[0])),
        () = gives_way(&second) => (second, first, connects(&relays[1])),
    };
    let exit = loser.exit().await;
    let words = "another client with the same client id may be taking over";
    assert_eq!(refusal(&exit, 1, words), [""; 0], "{}", exit.transcript());
    assert!(rounds <= ROUNDS, "it came {rounds} times\n{}", exit.transcript());
    winner.say("still here").await;
    winner.out_line(|line| line.ends_with(": still here")).await;
}

/// What both have in common.
struct Stage {
    home: Home,
    certs: Certs,
}

impl Stage {
    fn new() -> Self {
        Self { home: Home::new(), certs: Certs::new() }
    }

    async fn relay(&self, server: SocketAddr) -> Endpoint {
        relay::tls(self.certs.server(Leaf::Good), server).await
    }

    async fn relay_to_tcp(&self, broker: SocketAddr) -> Endpoint {
        relay::tls_websocket(self.certs.server(Leaf::Good), broker).await
    }

    /// A command that goes by this relay, and is the same as any other with these details in all else.
    fn program(&self, command: &str, config: &Value, relay: &Endpoint) -> Program {
        let mut config = config.clone();
        let connection = config["connection"].as_object_mut().expect("it says how to connect");
        connection.insert("endpoint".to_owned(), json!(relay.host()));
        // Where a server of ours says it, it goes before the endpoint.
        connection.remove("url");
        let file = self.home.file(&format!("by-{}.json", relay.address().port()), config.to_string());
        chatroom(&self.home).arg(command).arg("--config").arg(file).arg("--ca-file").arg(self.certs.ca_file())
    }
}

async fn gives_way(process: &Process) {
    process.err_line(|line| line.starts_with("error:")).await;
}

fn connects(relay: &Endpoint) -> usize {
    relay.record().packets()
}
