//! `send` where the room is slow, and where nobody can tell what became of an earlier run's messages.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use chatroom_mqtt::ReasonCode;
use chatroom_testkit::{
    config_file,
    endpoint::{Endpoint, Link},
    process::Home,
    scripted::{OnPublish, Script},
    serve::{ANY_PORTS, Server},
    token,
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::TcpStream,
};

use crate::support::{CHATROOM, address, chatroom, refusal, server, texts};

#[tokio::test]
async fn a_slow_room_gets_every_line_within_its_time_to_live() {
    let home = Home::new();
    let slow = ANY_PORTS.into_iter().chain(["--ephemeral", "--set", "rate.viewer=1"]);
    let server = Server::start(CHATROOM, &home, slow).await;
    let lines: Vec<String> = (0..25).map(|number| number.to_string()).collect();
    let send = chatroom(&home).args(["send", "--ttl", "10s"]).args(server.viewer_args());
    let exit = send.input(lines.join("\n")).run().await;
    exit.assert_code(0);
    let said = chatroom(&home).args(["history", "--last", "100"]).args(server.viewer_args()).run().await;
    assert_eq!(texts(&said.assert_code(0).out), lines);
}

/// A server that takes no message for now, whatever it is, and says so.
async fn refusing(home: &Home) -> (Endpoint, std::path::PathBuf) {
    let reason = Some("the disk is full".to_owned());
    let publish =
        OnPublish::Refuse(ReasonCode::IMPLEMENTATION_SPECIFIC, reason, vec![("retry-after-ms".into(), "500".into())]);
    let server = Script { publish, ..Script::default() }.start(None).await;
    let mut details = config_file::details("unused.example", &token::good());
    details["connection"]["url"] = format!("ws://{}/mqtt", server.host()).into();
    let config = home.file("config.json", details.to_string());
    (server, config)
}

#[tokio::test]
async fn a_server_that_refuses_for_now_is_told_at_once_and_at_the_end_and_the_timeout_bounds_it_all() {
    let home = Home::new();
    let (_server, config) = refusing(&home).await;
    for (command, input) in [(&["send", "hello"][..], ""), (&["join"], "hello\n")] {
        let run = chatroom(&home).args(command).args(["--outbox", "none", "--timeout", "2s", "--config"]).arg(&config);
        let exit = run.input(input).run().await;
        let told = |line: &String| line.contains("the server takes no messages for now: the disk is full");
        assert_eq!(
            exit.err.iter().filter(|line| told(line)).count(),
            2,
            "at once and at the end: {}",
            exit.transcript()
        );
        assert_eq!(refusal(&exit, 3, "gave up after 2 s"), Vec::<String>::new(), "{}", exit.transcript());
    }
}

#[tokio::test]
async fn what_expires_because_the_server_refuses_for_now_is_told_with_that_reason() {
    let home = Home::new();
    let (_server, config) = refusing(&home).await;
    let send = chatroom(&home).args(["send", "hello", "--outbox", "none", "--ttl", "2s", "--config"]).arg(config);
    let exit = send.run().await;
    exit.assert_code(1);
    let last = "what stood in the way last: the server takes no messages for now: the disk is full";
    assert!(exit.err.iter().any(|line| line.contains(last)), "{}", exit.transcript());
}

#[tokio::test]
async fn what_nobody_can_tell_of_an_earlier_run_does_not_hold_the_next_one_and_is_not_said_to_be_sent() {
    let home = Home::new();
    let server = server(&home).await;
    let backend = address(&server.ready.api).parse().expect("it is an address");
    let is_down = Arc::new(AtomicBool::new(true));
    let proxy = {
        let is_down = Arc::clone(&is_down);
        Endpoint::start(None, move |link| without_history(link, backend, Arc::clone(&is_down))).await
    };
    let api = format!("http://{}", proxy.address());
    let token_file = server.ready.viewer_token_file.display().to_string();
    let send = |text| {
        let args = ["send", text, "--json", "--ttl", "5s", "--timeout", "10s", "--api", &api, "--token-file"];
        chatroom(&home).args(args).arg(&token_file)
    };
    let killed = send("from before").start();
    killed.out_line(|line| line.contains("queued")).await;
    killed.kill().await;
    while waiting_since(&home).await.is_none_or(|at| Timestamp::now() < at + SignedDuration::from_secs(5)) {
        tokio::task::yield_now().await;
    }
    is_down.store(false, Ordering::SeqCst);

    let exit = send("hello").run().await;
    exit.assert_code(0);
    let told = |words: &str| exit.err.iter().any(|line| line.contains(words));
    assert!(told("1 message of an earlier run stays in the outbox and is not sent any more"), "{}", exit.transcript());
    assert!(!told("is sent when you join or send in this room again"), "{}", exit.transcript());
    let said = chatroom(&home).arg("history").args(server.viewer_args()).run().await;
    assert_eq!(texts(&said.assert_code(0).out), ["hello"]);
}

/// When the message in the outbox was written.
async fn waiting_since(home: &Home) -> Option<Timestamp> {
    let exit = chatroom(home).args(["outbox", "list", "--json"]).run().await;
    let kept: Value = serde_json::from_str(exit.assert_code(0).out.first()?).expect("each line is JSON");
    Some(kept["written_at"].as_str()?.parse().expect("it is a time"))
}

/// Passes a request on, unless it asks for the history, or everything is down.
async fn without_history(mut link: Link, backend: SocketAddr, is_down: Arc<AtomicBool>) {
    if is_down.load(Ordering::SeqCst) {
        return;
    }
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        let Ok(byte) = link.read_u8().await else { return };
        head.push(char::from(byte));
    }
    if head.lines().next().is_some_and(|request| request.contains("/messages")) {
        let answer = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
        let _ = link.write_all(answer.as_bytes()).await;
        return;
    }
    let Ok(mut server) = TcpStream::connect(backend).await else { return };
    if !head.to_lowercase().contains("upgrade: websocket") {
        // The next request must come here too.
        head.insert_str(head.len() - 2, "connection: close\r\n");
    }
    if server.write_all(head.as_bytes()).await.is_ok() {
        let _ = copy_bidirectional(&mut link, &mut server).await;
    }
}

#[tokio::test]
async fn a_line_that_is_no_text_is_refused_by_its_number_and_the_others_arrive() {
    let home = Home::new();
    let server = server(&home).await;
    let lines: &[u8] = b"one\n\ncaf\xe9\ntwo\n";
    let send = chatroom(&home).arg("send").args(server.viewer_args()).input(lines).run().await;
    assert_eq!(refusal(&send, 1, "not sent: line 3: it is not UTF-8"), Vec::<String>::new(), "{}", send.transcript());
    assert!(send.err.concat().contains("1 of 3 messages not delivered"), "{}", send.transcript());
    let join = chatroom(&home).args(["join", "--history", "0"]).args(server.viewer_args()).input(lines).run().await;
    join.assert_code(1);
    assert!(join.err.concat().contains("not sent: line 3: it is not UTF-8"), "{}", join.transcript());
    let history = chatroom(&home).arg("history").args(server.viewer_args()).run().await;
    assert_eq!(texts(&history.out), ["one", "two", "one", "two"]);
}

#[tokio::test]
async fn join_without_input_is_in_the_room_before_it_leaves_or_fails_with_a_word() {
    let home = Home::new();
    let server = server(&home).await;
    let join = chatroom(&home).arg("join").args(server.viewer_args()).run().await;
    join.assert_code(0);
    assert!(join.err.concat().contains("joined the room"), "{}", join.transcript());
    let token = server.ready.viewer_token_file.display().to_string();
    let args = ["join", "--api", "http://127.0.0.1:1", "--timeout", "1s", "--token-file", &token];
    let join = chatroom(&home).args(args).run().await;
    assert_eq!(refusal(&join, 3, "127.0.0.1"), Vec::<String>::new(), "{}", join.transcript());
}
