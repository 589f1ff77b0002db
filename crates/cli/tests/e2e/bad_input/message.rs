//! Messages that are refused, by this side or by the server.

use chatroom_mqtt::{ReasonCode, ServerOptions};
use chatroom_testkit::process::Home;
use chatroom_testkit::scripted::{OnPublish, OnSubscribe, Script};

use super::{Bed, Command, check};
use crate::support::{chatroom, refusal, server};

#[tokio::test]
async fn a_message_that_the_server_refuses_is_told_in_its_words() {
    let bed = Bed::new();
    let mut cases = Vec::new();
    // Not 0x97, too fast: that is tried again.
    for reason in [0x80, 0x83, 0x87, 0x90, 0x95, 0x99].map(ReasonCode) {
        for own_words in [Some("because the test says so"), None] {
            let publish = OnPublish::Refuse(reason, own_words.map(ToOwned::to_owned), Vec::new());
            let script = Script { publish, ..Script::default() };
            let words = own_words.unwrap_or_else(|| reason.sentence());
            cases.push(bed.scripted(format!("PUBACK {reason}"), Command::Send, script, 1, words).await);
        }
    }
    check(cases).await;
}

#[tokio::test]
async fn a_packet_larger_than_a_side_allows_is_told() {
    let bed = Bed::new();
    let options = ServerOptions { maximum_packet_size: 1024, ..ServerOptions::default() };
    let announced = Script { options, ..Script::default() };
    let endpoint = announced.start(Some(bed.certs.server(chatroom_testkit::certs::Leaf::Good))).await;
    let home = Home::new();
    let config = home.file("config.json", super::details(&endpoint).to_string());
    let send = chatroom(&home).args(["send", &"x".repeat(2000), "--timeout", "5s", "--config"]);
    let exit = send.arg(config).arg("--ca-file").arg(bed.certs.ca_file()).run().await;
    assert_eq!(refusal(&exit, 1, "1024"), [""; 0], "{}", exit.transcript());

    // A PUBLISH of 200 KiB, of which the header comes: nothing is buffered for the rest.
    let subscribe = OnSubscribe::GrantThenBytes(vec![0x30, 0x80, 0xC0, 0x0C, 0, 1, b's', 0]);
    let script = Script { subscribe, ..Script::default() };
    check(vec![bed.scripted("a large delivery", Command::Tail, script, 3, "larger").await]).await;
}

#[tokio::test]
async fn a_text_that_is_empty_or_too_long_is_refused() {
    let home = Home::new();
    let server = server(&home).await;
    let mut wrong = Vec::new();
    for (text, code, words) in
        [(String::new(), 2, "empty"), ("ü".repeat(1001), 1, "1000"), ("x".repeat(200_000), 1, "large")]
    {
        let send = chatroom(&home).arg("send").args(server.viewer_args());
        // Longer than the system allows as one argument, so by stdin.
        let exit = if text.is_empty() { send.arg(&text).run().await } else { send.input(text).run().await };
        let faults = refusal(&exit, code, words);
        if !faults.is_empty() {
            wrong.push(format!("{}\n{}", faults.join("; "), exit.transcript()));
        }
    }
    let fits = chatroom(&home).arg("send").args(server.viewer_args()).arg("ü".repeat(1000)).run().await;
    fits.assert_code(0);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
