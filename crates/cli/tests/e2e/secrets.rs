//! Nothing that is written holds a secret: not at the most talkative log level, not in a failure, in no file but those
//! that are there to hold it.

mod forms;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use chatroom_testkit::mosquitto::free_address;
use chatroom_testkit::process::{Exit, Home, Process, Program};
use chatroom_testkit::rest::Rest;
use chatroom_testkit::serve::{ANY_PORTS, Server};
use serde_json::{Value, json};

use self::forms::Secret;
use crate::support::{CHATROOM, joined};

/// All that was written during the flow.
#[derive(Default)]
struct Written(Vec<(String, Vec<u8>)>);

#[tokio::test]
async fn nothing_that_is_written_holds_a_secret() {
    let home = Home::new();
    let mut written = Written::default();
    let data = home.path().join("data").display().to_string();
    let args = ANY_PORTS.into_iter().chain(["--data", &data, "--log", "trace"]);
    let program = Program::new(CHATROOM, &home).env("RUST_LOG", "trace").args(["serve", "--ready", "json"]).args(args);
    let server = Server::started(program.start()).await;

    // Tokens of this run, as a backend gets them.
    let org_token = fs::read_to_string(&server.ready.org_token_file).expect("the server wrote its token files");
    let org = Rest::new(&server.ready.tls_api, &org_token, Some(&server.ready.ca_file));
    let path = format!("/bv/chatroom/v1/chatrooms/{}/tokens", server.ready.room_id);
    let made = org.post(&path, &json!({"role": "ROLE_VIEWER", "name": "Canary"})).await;
    assert_eq!(made.status, 200, "{}", made.body["message"]);
    let token = text(&made.body, "token");
    let refresh_token = text(&made.body, "refresh_token");
    let config = Rest::new(&server.ready.tls_api, &token, Some(&server.ready.ca_file)).config().await;
    let mut forged = token.clone();
    forged.replace_range(forged.len() - 8.., "AAAAAAAA");
    let secrets = [
        Secret::new("the organisation's token", org_token.trim()),
        Secret::new("the chat token", &token),
        Secret::new("the refresh token", &refresh_token),
        Secret::new("the MQTT token", &text(&config["connection"], "token")),
        Secret::new("the signature", &text(&config["connection"], "signature")),
        Secret::new("a forged token", &forged),
        Secret::new("the moderator's token", &read(&server.ready.admin_token_file)),
        Secret::new("the viewer's token", &read(&server.ready.viewer_token_file)),
    ];
    let keys = ["ca-key.pem", "tls-key.pem", "token-key.pem"].map(|name| Path::new(&data).join(name));
    let secrets = secrets.into_iter().chain(keys.iter().map(|path| Secret::new("a private key", &pem_body(path))));
    let secrets: Vec<Secret> = secrets.collect();
    let private = |name: &str, text: &str| {
        let path = home.file(name, text);
        set_private(&path);
        path.display().to_string()
    };
    let token_file = private("chat.token", &token);
    let refresh_file = private("refresh.token", &refresh_token);
    let forged_file = private("forged.token", &forged);
    let config_file = private("config.json", &config.to_string());
    let mut moved = config.clone();
    moved["connection"]["endpoint"] = json!(format!("localhost:{}", free_address().port()));
    moved["connection"].as_object_mut().expect("it is an object").remove("url");
    let moved_file = private("moved.json", &moved.to_string());
    let mut refused = config;
    refused["connection"]["token"] = json!(forged);
    refused["connection"]["client_id"] = json!("another");
    let refused_file = private("refused.json", &refused.to_string());

    let ca_file = server.ready.ca_file.display().to_string();
    let chatroom = |args: &[&str]| {
        let program = Program::new(CHATROOM, &home).env("RUST_LOG", "trace").env("RUST_BACKTRACE", "1");
        program.args(args).args(["--log", "trace", "--ca-file", &ca_file])
    };
    let api = ["--api", &server.ready.tls_api];
    let by_token = [&api[..], &["--token-file", &token_file, "--refresh-token-file", &refresh_file]].concat();

    let tail = chatroom(&[&["tail", "--json"], &by_token[..]].concat()).start();
    joined(&tail).await;
    let join = chatroom(&[&["join"], &by_token[..]].concat()).open_input().start();
    let mut join = join;
    joined(&join).await;
    join.say("from join").await;
    tail.out_line(|line| line.contains("from join")).await;
    for process in [&tail, &join, &server.process] {
        let command_line = fs::read(format!("/proc/{}/cmdline", process.id())).expect("there is /proc");
        written.0.push(("a command line".to_owned(), command_line));
    }
    join.close_input();
    written.add("join", &join.exit().await);

    let variable = Program::new(CHATROOM, &home).env("CHATROOM_TOKEN", &token).args(["send", "by variable"]);
    let variable = variable.args(api).args(["--log", "trace", "--ca-file", &ca_file]);
    let flows: [(&str, Program, i32); 8] = [
        ("send", chatroom(&[&["send", "--json", "hello"], &by_token[..]].concat()), 0),
        ("send by config", chatroom(&["send", "hello", "--config", &config_file]), 0),
        ("send by variable", variable, 0),
        ("send, too long", chatroom(&[&["send"], &by_token[..]].concat()).input("x".repeat(2000)), 1),
        ("tail, forged", chatroom(&[&["tail", "--token-file", &forged_file, "--timeout", "2s"], &api[..]].concat()), 4),
        ("tail, refused", chatroom(&["tail", "--timeout", "2s", "--config", &refused_file]), 4),
        ("tail, moved", chatroom(&["tail", "--timeout", "1s", "--config", &moved_file]), 3),
        (
            "tail, no room",
            chatroom(&["tail", "--timeout", "1s", "--api", "http://127.0.0.1:1", "--token-file", &token_file]),
            3,
        ),
    ];
    for (name, program, code) in flows {
        let exit = program.run().await;
        exit.assert_code(code);
        written.add(name, &exit);
    }
    written.add("tail", &ended(tail).await);
    let known = [&token_file, &refresh_file, &forged_file, &config_file, &moved_file, &refused_file];
    let mut known: BTreeSet<PathBuf> = known.into_iter().map(PathBuf::from).collect();
    known.extend(keys);
    known.extend(
        [&server.ready.org_token_file, &server.ready.admin_token_file, &server.ready.viewer_token_file]
            .map(Clone::clone),
    );
    written.add("serve", &ended(server.process).await);
    written.add_files(home.path(), &known);

    for (place, bytes) in &written.0 {
        let is_log = place.ends_with(": stderr");
        assert!(!is_log || String::from_utf8_lossy(bytes).contains(" DEBUG "), "the log is not on: {place}");
    }
    let mut found = Vec::new();
    for (place, bytes) in &written.0 {
        for secret in &secrets {
            found.extend(secret.found_in(bytes).map(|form| format!("{} ({form}) in {place}", secret.name)));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

impl Written {
    fn add(&mut self, name: &str, exit: &Exit) {
        for (stream, lines) in [("stdout", &exit.out), ("stderr", &exit.err)] {
            self.0.push((format!("{name}: {stream}"), lines.join("\n").into_bytes()));
        }
    }

    /// Every file below a folder but those that hold secrets by their purpose: these must be private.
    fn add_files(&mut self, folder: &Path, known: &BTreeSet<PathBuf>) {
        for entry in fs::read_dir(folder).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                self.add_files(&path, known);
            } else if known.contains(&path) {
                assert_private(&path);
            } else if is_database(&path) {
                // Its own rows are its business; what it holds is not readable by others either.
                assert_private(&path);
            } else {
                self.0.push((path.display().to_string(), fs::read(&path).expect("the file can be read")));
            }
        }
    }
}

async fn ended(process: Process) -> Exit {
    process.signal("INT").await;
    let exit = process.exit().await;
    exit.assert_code(0);
    exit
}

fn is_database(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    [".sqlite", ".sqlite3", ".db", "-wal", "-shm"].iter().any(|end| name.ends_with(end))
}

fn set_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("the file is ours");
}

fn assert_private(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    let mode = path.metadata().expect("the file is there").permissions().mode();
    assert_eq!(mode & 0o077, 0, "{} can be read by others: {mode:o}", path.display());
}

fn text(object: &Value, name: &str) -> String {
    object[name].as_str().unwrap_or_else(|| panic!("there is no {name}")).to_owned()
}

/// The longest line: what stands between the marks.
fn pem_body(path: &Path) -> String {
    let pem = read(path);
    pem.lines().max_by_key(|line| line.len()).expect("the file holds a key").to_owned()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).expect("the server wrote its files").trim().to_owned()
}
