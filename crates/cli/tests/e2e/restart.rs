//! A server that is killed in the middle of a conversation, and started again.

use chatroom_testkit::process::{Home, Process};
use chatroom_testkit::serve::{ANY_PORTS, Server};
use serde_json::Value;

use crate::support::{CHATROOM, address, chatroom, joined};

const MESSAGES: usize = 200;

#[tokio::test]
async fn a_killed_server_loses_doubles_and_reorders_nothing() {
    let home = Home::new();
    let data = home.path().join("data").display().to_string();
    let args = ["--data", &data, "--set", "rate.viewer=100"];
    let first = Server::start(CHATROOM, &home, ANY_PORTS.iter().chain(&args)).await;
    let ready = first.ready.clone();
    let tails = [(); 2].map(|()| chatroom(&home).args(["tail", "--json"]).args(first.viewer_args()).start());
    for tail in &tails {
        joined(tail).await;
    }
    let count = MESSAGES.to_string();
    let send = chatroom(&home)
        .args(["send", "--count", &count, "--every", "50ms", "--timeout", "60s", "{n}"])
        .args(first.viewer_args())
        .start();

    tails[0].out_until(|lines| (numbers(lines).len() >= 50).then_some(())).await;
    first.process.kill().await;
    // An attempt in vain: by then the sender has taken messages that no link could carry.
    send.err_line(|line| line.contains("no way in yet")).await;
    let again =
        ["--listen", address(&ready.api), "--tls-listen", &address(&ready.tls_api).replace("localhost", "127.0.0.1")];
    let _second = Server::start(CHATROOM, &home, again.iter().chain(&args)).await;

    send.exit().await.assert_code(0);
    for tail in tails {
        tail.out_until(|lines| (numbers(lines).len() >= MESSAGES).then_some(())).await;
        let exit = interrupted(tail).await;
        let expected: Vec<String> = (0..MESSAGES).map(|number| number.to_string()).collect();
        assert_eq!(numbers(&exit), expected);
    }
}

async fn interrupted(tail: Process) -> Vec<String> {
    tail.signal("INT").await;
    let exit = tail.exit().await;
    exit.assert_code(0);
    exit.out
}

/// The texts among the messages.
fn numbers(lines: &[String]) -> Vec<String> {
    let message = |line: &String| -> Value { serde_json::from_str(line).expect("each line is JSON") };
    let text = |line: &String| message(line)["text_message"]["text"].as_str().map(ToOwned::to_owned);
    lines.iter().filter_map(text).collect()
}
