//! Rooms made and shown from the command line.

use std::path::Path;

use chatroom_testkit::process::{Exit, Home, Program};
use chatroom_testkit::serve::{ANY_PORTS, Server};
use serde_json::Value;

use crate::support::{chatroom, refusal, server, texts};

#[tokio::test]
async fn a_room_is_made_a_token_lets_somebody_in_and_the_room_is_shown() {
    let home = Home::new();
    let server = server(&home).await;
    let made = chatroom(&home).args(["room", "create", "--counter", "like"]).args(org_args(&server)).run().await;
    made.assert_code(0);
    let [id] = &made.out[..] else { panic!("stdout is the id alone\n{}", made.transcript()) };
    assert!(made.err.concat().contains("chatroom token create"), "{}", made.transcript());

    let token = home.path().join("admin.token").display().to_string();
    let token_create = ["token", "create", "--room", id, "--role", "admin", "--name", "Grace", "--out", &token];
    chatroom(&home).args(token_create).args(org_args(&server)).run().await.assert_code(0);
    let shown = chatroom(&home).args(["room", "show"]).args(chat_args(&server, &token)).run().await;
    shown.assert_code(0);
    for line in [format!("room      {id}"), "writing   open to everybody".to_owned(), "counters  like  0".to_owned()] {
        assert!(shown.out.contains(&line), "no {line:?}\n{}", shown.transcript());
    }
    let shown = chatroom(&home).args(["room", "show", "--json"]).args(chat_args(&server, &token)).run().await;
    let room = json(&shown);
    assert_eq!((&room["id"], &room["custom_counters"][0]["key"]), (&id.as_str().into(), &"like".into()));

    // Muted by a moderator, it says so.
    let mute = ["moderate", "mute", "--yes"];
    chatroom(&home).args(mute).args(chat_args(&server, &token)).run().await.assert_code(0);
    let shown = chatroom(&home).args(["room", "show"]).args(chat_args(&server, &token)).run().await;
    assert!(shown.out.contains(&"writing   muted: only admins can write".to_owned()), "{}", shown.transcript());
}

#[tokio::test]
async fn a_room_as_json_and_all_that_is_set_up_in_a_profile_or_the_environment() {
    let home = Home::new();
    let server = server(&home).await;
    let made = chatroom(&home).args(["room", "create", "--json"]).args(org_args(&server)).run().await;
    assert_eq!(json(&made)["muted"], false);
    let config = home.file(
        "config.toml",
        format!(
            "[profiles.default]\napi = {:?}\nca_file = {:?}\norg_token_file = {:?}\ntoken_file = {:?}\n",
            server.ready.tls_api, server.ready.ca_file, server.ready.org_token_file, server.ready.viewer_token_file
        ),
    );
    let by_profile = |args: &[&str]| chatroom(&home).args(args).arg("--config-file").arg(&config);
    by_profile(&["room", "create"]).run().await.assert_code(0);
    by_profile(&["room", "show"]).run().await.assert_code(0);
    let org_token = std::fs::read_to_string(&server.ready.org_token_file).unwrap();
    let by_variables = chatroom(&home)
        .args(["room", "create"])
        .env("CHATROOM_ORG_TOKEN", org_token)
        .env("CHATROOM_API", &server.ready.tls_api)
        .env("CHATROOM_CA_FILE", &server.ready.ca_file);
    by_variables.run().await.assert_code(0);
}

#[tokio::test]
async fn what_can_t_be_done_is_refused_with_a_reason_and_an_exit_code() {
    let home = Home::new();
    let server = server(&home).await;
    let path = |path: &Path| path.display().to_string();
    let (org, viewer) = (path(&server.ready.org_token_file), path(&server.ready.viewer_token_file));
    let service =
        |program: Program| program.args(["--api", &server.ready.tls_api, "--ca-file"]).arg(&server.ready.ca_file);
    let run = |args: &[&str]| service(chatroom(&home).args(args));
    let wrong_org = path(&home.file("wrong-org", "no such token"));
    let empty = path(&home.file("empty", " \n"));
    let key = "k".repeat(2_000);
    let cases = [
        ("a chat token as the organisation's", run(&["room", "create", "--org-token-file", &viewer]), 4, "chat token"),
        ("another organisation", run(&["room", "create", "--org-token-file", &wrong_org]), 4, "401"),
        ("an empty file", run(&["room", "create", "--org-token-file", &empty]), 4, "is empty"),
        ("no organisation", run(&["room", "create"]), 2, "--org-token-file"),
        ("the organisation's as a chat token", run(&["room", "show", "--token-file", &org]), 4, "can't be used"),
        ("no chat token", run(&["room", "show"]), 2, "--token-file"),
        ("no such file", run(&["room", "show", "--token-file", "nowhere"]), 4, "can't be read"),
        ("a counter that can't be", run(&["room", "create", "--org-token-file", &org, "--counter", &key]), 1, "400"),
        (
            "nobody there",
            chatroom(&home).args(["room", "show", "--token-file", &viewer, "--api", "http://127.0.0.1:1"]),
            3,
            "can't be reached",
        ),
        (
            "an authority that is not trusted",
            chatroom(&home).args(["room", "show", "--token-file", &viewer, "--api", &server.ready.tls_api]),
            3,
            "no authority",
        ),
        (
            "no encryption",
            chatroom(&home).args(["room", "show", "--token-file", &viewer, "--api", "http://chat.example"]),
            1,
            "encrypted",
        ),
    ];
    let mut wrong = Vec::new();
    for (name, program, code, words) in cases {
        let exit = program.run().await;
        let problems = refusal(&exit, code, words);
        if !problems.is_empty() {
            wrong.push(format!("{name}: {}\n{}", problems.join("; "), exit.transcript()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn files_that_begin_with_a_byte_order_mark_are_read() {
    let home = Home::new();
    let first = server(&home).await;
    let folder = first.ready.ca_file.parent().expect("it lies in a folder").to_owned();
    let marked = |name: &str, text: &str| home.file(name, format!("\u{feff}{text}")).display().to_string();
    let read = |path: &Path| std::fs::read_to_string(path).expect("a server made it");
    let [ca, certificate, key] =
        ["ca.pem", "tls.pem", "tls-key.pem"].map(|name| marked(name, &read(&folder.join(name))));
    let settings = marked("limits.toml", "rate.viewer = 7\r\n");
    let args = ["--ephemeral", "--tls-cert", &certificate, "--tls-key", &key, "--settings", &settings];
    let second = chatroom(&home).args(["serve", "--ready", "json"]).args(ANY_PORTS).args(args).start();
    let ready: Value = serde_json::from_str(&second.out_line(|line| line.contains("ready")).await).expect("it is JSON");
    let text = |key: &str| ready[key].as_str().expect("it is told");
    let token = marked("viewer.token", &read(Path::new(text("viewer_token_file"))).replace('\n', "\r\n"));
    let api = text("tls_api");
    let profile = format!("[profiles.default]\r\napi = {api:?}\r\nca_file = {ca:?}\r\ntoken_file = {token:?}\r\n");
    let config = marked("config.toml", &profile);
    let run = async |args: &[&str]| {
        let exit = chatroom(&home).args(args).args(["--config-file", &config]).input("\u{feff}one\ntwo\n").run().await;
        exit.assert_code(0);
        exit.out
    };
    run(&["send"]).await;
    assert_eq!(texts(&run(&["history"]).await), ["one", "two"]);
}

/// The arguments by which the organisation reaches the server.
pub(crate) fn org_args(server: &Server) -> Vec<String> {
    let path = |path: &Path| path.display().to_string();
    let (ca, token) = (path(&server.ready.ca_file), path(&server.ready.org_token_file));
    ["--api", &server.ready.tls_api, "--ca-file", &ca, "--org-token-file", &token].map(ToOwned::to_owned).to_vec()
}

/// The arguments by which whoever has a chat token reaches the server.
pub(crate) fn chat_args(server: &Server, token_file: &str) -> Vec<String> {
    let ca = server.ready.ca_file.display().to_string();
    ["--api", &server.ready.tls_api, "--ca-file", &ca, "--token-file", token_file].map(ToOwned::to_owned).to_vec()
}

/// The one line of JSON on stdout.
#[track_caller]
pub(crate) fn json(exit: &Exit) -> Value {
    exit.assert_code(0);
    let [line] = &exit.out[..] else { panic!("stdout is not one line\n{}", exit.transcript()) };
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}\n{}", exit.transcript()))
}

#[tokio::test]
async fn who_is_barred_is_thrown_out_and_stays_out_until_unbarred() {
    let home = Home::new();
    let server = server(&home).await;
    let room = server.ready.room_id.clone();
    let run = async |verb: &str, more: &[&str]| {
        let args = [&["room", verb], more, &["--room", &room]].concat();
        chatroom(&home).args(args).args(org_args(&server)).run().await
    };
    let tail = chatroom(&home).arg("tail").args(server.viewer_args()).start();
    crate::support::joined(&tail).await;
    run("bar", &["viewer"]).await.assert_code(0);
    let thrown_out = tail.exit().await;
    thrown_out.assert_code(4);
    assert!(thrown_out.err.join("\n").contains("barred from the room"), "{}", thrown_out.transcript());
    let send = ["send", "--outbox", "none", "--timeout", "20s", "let me in"];
    let refused = chatroom(&home).args(send).args(server.viewer_args()).run().await;
    refused.assert_code(4);
    let again = run("bar", &["viewer"]).await;
    again.assert_code(0);
    assert!(again.err.concat().contains("already"), "{}", again.transcript());
    let listed = run("barred", &["--json"]).await;
    assert_eq!(json(&listed)["user_id"], "viewer");
    run("unbar", &["viewer"]).await.assert_code(0);
    let nobody = run("unbar", &["viewer"]).await;
    assert_eq!(refusal(&nobody, 1, "viewer is not barred"), Vec::<String>::new(), "{}", nobody.transcript());
    chatroom(&home).args(send).args(server.viewer_args()).run().await.assert_code(0);
}
