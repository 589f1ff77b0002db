//! What the cases share.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chatroom_testkit::process::{Exit, Home, Process, Program};
use chatroom_testkit::serve::Server;
use jiff::Timestamp;

/// The binary under test.
pub(crate) const CHATROOM: &str = env!("CARGO_BIN_EXE_chatroom");

/// `chatroom` in a home.
pub(crate) fn chatroom(home: &Home) -> Program {
    Program::new(CHATROOM, home)
}

/// The reference sample on MQTT.js; its one argument is the config file.
pub(crate) fn node_sample(home: &Home, config: &Path, ca_file: &Path) -> Program {
    let folder = interop();
    assert!(folder.join("node_modules").is_dir(), "MQTT.js is not installed: run `cargo xtask test` instead");
    Program::new("node", home).env("NODE_EXTRA_CA_CERTS", ca_file).arg(folder.join("sample.mjs")).arg(config)
}

/// MQTT.js, to publish one payload over TCP.
pub(crate) fn node_announce(home: &Home, broker: SocketAddr, topic: &str, payload: &str) -> Program {
    let url = format!("mqtt://{broker}");
    Program::new("node", home).arg(interop().join("announce.mjs")).args([url.as_str(), topic, payload])
}

/// The reference sample on paho-mqtt.
pub(crate) fn python_sample(home: &Home, config: &Path, ca_file: &Path) -> Program {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("cargo makes it below its target folder");
    let python = target.join("interop-venv").join("bin").join("python3");
    assert!(python.is_file(), "paho-mqtt is not installed: run `cargo xtask test` instead");
    Program::new(python, home).arg(interop().join("sample.py")).arg(config).arg(ca_file)
}

/// A server that keeps nothing, on free ports.
pub(crate) async fn server(home: &Home) -> Server {
    Server::ephemeral(CHATROOM, home).await
}

/// Waits until a command that stays in a room is in it: what is said from now on reaches it.
pub(crate) async fn joined(process: &Process) {
    process.err_line(|line| line.contains("joined the room")).await;
}

/// `HOST:PORT` of a URL.
pub(crate) fn address(url: &str) -> &str {
    url.split_once("://").map_or(url, |(_, address)| address).trim_end_matches('/')
}

/// One line `[<received_at>] @<custom_name>: <text>`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) at: Timestamp,
    pub(crate) name: String,
    pub(crate) text: String,
}

impl Said {
    /// Reads a line; nothing if it has another form.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let (at, rest) = line.strip_prefix('[')?.split_once("] @")?;
        let (name, text) = rest.split_once(": ")?;
        Some(Self { at: at.parse().ok()?, name: name.to_owned(), text: text.to_owned() })
    }
}

/// The texts of the lines, which all have the form.
#[track_caller]
pub(crate) fn texts(lines: &[String]) -> Vec<String> {
    let read = |line: &String| Said::read(line).unwrap_or_else(|| panic!("not of the form: {line}"));
    lines.iter().map(|line| read(line).text).collect()
}

/// What is wrong with the end of a command that had to be refused with this exit code and these words; nothing if all
/// is well.
pub(crate) fn refusal(exit: &Exit, code: i32, words: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let err = exit.err.join("\n");
    if exit.code != Some(code) {
        wrong.push(format!("the exit code is not {code}"));
    }
    if !exit.out.is_empty() {
        wrong.push("something stands on stdout".to_owned());
    }
    for start in ["error:", "hint:"] {
        if !exit.err.iter().any(|line| line.trim_start().starts_with(start)) {
            wrong.push(format!("no `{start}` on stderr"));
        }
    }
    if !err.to_lowercase().contains(&words.to_lowercase()) {
        wrong.push(format!("stderr does not say \"{words}\""));
    }
    if err.contains("panicked") || err.contains("RUST_BACKTRACE") {
        wrong.push("it panicked".to_owned());
    }
    wrong
}

fn interop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join("interop")
}
