//! The other ways of strangers' text to a terminal or into a file: JSON, exports, lists, logs, errors.

use chatroom_mqtt::ReasonCode;
use chatroom_testkit::{
    certs::{Certs, Leaf},
    config_file,
    process::{Exit, Home},
    scripted::{OnConnect, OnPublish, Script},
    token,
};
use chatroom_wire::SafeText;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{Said, corpus, stage::Stage};
use crate::support::chatroom;

/// What was said on the stage, by the commands that don't stay in the room, and as JSON; with all logs.
pub(super) async fn are_safe(stage: &Stage, said: &[Said]) {
    let run = async |args: &[&str]| {
        let program = chatroom(&stage.home).args(["--log", "trace"]).args(args).args(stage.server.admin_args());
        let exit = program.run().await;
        exit.assert_code(0);
        is_safe(args[0], &exit);
        exit.out
    };
    for format in ["txt", "csv", "json", "ndjson", "html"] {
        let printed = run(&["history", "--format", format]).await;
        assert!(printed.len() > said.len(), "{format}");
        let file = stage.home.path().join(format!("export.{format}"));
        run(&["history", "--export", file.to_str().expect("it is UTF-8")]).await;
        let exported = std::fs::read_to_string(file).expect("it was written");
        for line in exported.lines() {
            holds_nothing_that_steers(format, line);
        }
    }
    let count = (2 * said.len() + 2).to_string();
    let lines = run(&["tail", "--json", "--history", "500", "--count", &count]).await;
    let texts: Vec<_> = lines.iter().map(|line| read(line)["text_message"]["text"].clone()).collect();
    for (_, text) in said {
        assert!(texts.iter().any(|told| told == text), "JSON keeps what was said: {text:?}");
    }
    let stranger = lines.iter().map(|line| read(line)).find(|message| message["user"]["id"] == "stranger");
    let id = stranger.expect("a stranger said something")["id"].as_str().expect("messages have ids").to_owned();
    run(&["moderate", "pin", &id]).await;
    for args in
        [&["room", "show"][..], &["room", "show", "--json"], &["moderate", "list"], &["moderate", "list", "--json"]]
    {
        run(args).await;
    }
    for line in stage.server.process.err() {
        holds_nothing_that_steers("the server's log", &line);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_hostile_server_says_stays_in_the_lines_of_the_error() {
    let certs = Certs::new();
    let home = Home::new();
    let token = home.file("token", token::good());
    for attack in corpus() {
        let name = &attack.what;
        // The body of a call that is refused.
        let body = serde_json::json!({"code": 7, "message": attack.text, "details": [{"text": attack.text}]});
        let api = refuses_all_calls(body.to_string()).await;
        let program = chatroom(&home).args(["history", "--log", "trace", "--api", &api, "--token-file"]).arg(&token);
        let exit = program.run().await;
        is_safe(name, &exit);
        assert!(exit.err.iter().any(|line| line.contains("the service answered 400")), "{}", exit.transcript());

        // The reason of a refusal of MQTT, and what goes with it.
        let text = attack.text.replace('\0', "");
        let told = SafeText::log(&text);
        let connect = OnConnect::Refuse(ReasonCode::BANNED, Some(text.clone()));
        let refused = met(&certs, Script { connect, ..Script::default() }, "tail").await;
        let properties = vec![(text.clone(), text.clone())];
        let publish = OnPublish::Refuse(ReasonCode::NOT_AUTHORIZED, Some(text), properties);
        let unsaid = met(&certs, Script { publish, ..Script::default() }, "send").await;
        for exit in [refused, unsaid] {
            is_safe(name, &exit);
            assert!(exit.err.iter().any(|line| line.contains(told.as_str())), "{name}: {}", exit.transcript());
        }
    }
}

/// A command against an endpoint that plays a script.
async fn met(certs: &Certs, script: Script, command: &str) -> Exit {
    let endpoint = script.start(Some(certs.server(Leaf::Good))).await;
    let home = Home::new();
    let config = home.file("config.json", config_file::details(&endpoint.host(), &token::good()).to_string());
    let program = chatroom(&home).args([command, "--log", "trace", "--timeout", "5s", "--config"]).arg(config);
    let program = if command == "send" { program.arg("hello") } else { program };
    let exit = program.arg("--ca-file").arg(certs.ca_file()).run().await;
    assert!(exit.code.is_some_and(|code| code != 0), "{}", exit.transcript());
    exit
}

/// A service that answers every call with 400 and this body; it ends with the test.
async fn refuses_all_calls(body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it listens");
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            // A call fits into one read; an answer that is not taken is of no interest.
            let _ = stream.read(&mut [0; 16 * 1024]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    format!("http://{address}")
}

fn is_safe(name: &str, exit: &Exit) {
    for line in exit.out.iter().chain(&exit.err) {
        holds_nothing_that_steers(name, line);
    }
    assert!(!exit.transcript().contains("panicked"), "{name}");
}

#[track_caller]
fn holds_nothing_that_steers(name: &str, line: &str) {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
    };
    // A table's lines end with CR LF.
    assert!(!line.strip_suffix('\r').unwrap_or(line).contains(steers), "{name}: {line:?}");
}

fn read(line: &str) -> serde_json::Value {
    serde_json::from_str(line).expect("it is a line of JSON")
}
