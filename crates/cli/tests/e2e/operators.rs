//! What operators need: settings from file and environment, a log of what happens, and probes.

use std::fs;

use chatroom_testkit::process::Home;
use chatroom_testkit::serve::{ANY_PORTS, Ready, Server};

use crate::support::{CHATROOM, chatroom};

#[tokio::test]
async fn listeners_and_data_come_from_the_settings_file_and_the_environment_too() {
    let home = Home::new();
    let settings = "listen = \"127.0.0.1:0\"\ndata = \"rooms\"\nrate.viewer = 7\n[tls]\nlisten = \"[::1]:0\"\n";
    let file = home.file("chatroom.toml", settings).display().to_string();
    let program = || chatroom(&home).env("CHATROOM_SETTINGS", &file).env("CHATROOM_TLS_LISTEN", "127.0.0.2:0");
    let server = Server::started(program().args(["serve", "--ready", "json"]).start()).await;
    let Ready { tls_api, viewer_token_file, ca_file, .. } = &server.ready;
    assert!(tls_api.starts_with("https://127.0.0.2:"), "{tls_api}");
    assert_eq!(viewer_token_file.parent(), Some(&*home.path().join("rooms").canonicalize().expect("it was made")));
    let show = chatroom(&home).args(["room", "show", "--api", tls_api, "--token-file"]).arg(viewer_token_file);
    show.arg("--ca-file").arg(ca_file).run().await.assert_code(0);

    let printed = program().args(["serve", "--print-config", "--set", "rate.admin=9"]).run().await;
    let text = printed.assert_code(0).out.join("\n");
    for line in ["listen = \"127.0.0.1:0\"", "tls.listen = \"127.0.0.2:0\"", "rate.viewer = 7", "rate.admin = 9"] {
        assert!(printed.out.iter().any(|printed| printed == line), "{line}: {text}");
    }
    // What it prints says the same when it is read back.
    let again = home.file("again.toml", text.clone()).display().to_string();
    let printed = chatroom(&home).args(["serve", "--print-config", "--settings", &again]).run().await;
    assert_eq!(printed.assert_code(0).out.join("\n"), text);
}

#[tokio::test]
async fn the_log_at_info_shows_what_happens_and_no_text_token_or_id_in_a_path() {
    let home = Home::new();
    let server = Server::start(CHATROOM, &home, ANY_PORTS.iter().chain(&["--ephemeral", "--log", "info"])).await;
    let run = |args: &[&str], token: &std::path::Path| chatroom(&home).args(args).arg("--token-file").arg(token).run();
    let (admin, viewer) = (&server.ready.admin_token_file, &server.ready.viewer_token_file);
    run(&["send", "a canary in a text", "--id", "id-canary"], viewer).await.assert_code(0);
    run(&["history", "--last", "1"], viewer).await.assert_code(0);
    run(&["moderate", "mute", "--yes"], admin).await.assert_code(0);
    run(&["send", "another canary", "--ttl", "5s"], viewer).await.assert_code(1);
    run(&["moderate", "delete", "id-canary", "--yes"], admin).await.assert_code(0);
    let log = server.process.err().join("\n");
    for wanted in [
        "a request method=\"GET\" path=\"/bv/chatroom/v1/chatrooms/config\" status=200",
        "path=\"/bv/chatroom/v1/chatrooms/messages\"",
        "a client joined room=",
        "a client left room=",
        "a room command is done",
        "act=\"mute\"",
        "a message is refused",
    ] {
        assert!(log.contains(wanted), "{wanted} is not in:\n{log}");
    }
    let requests: Vec<&str> = log.lines().filter(|line| line.contains("a request")).collect();
    assert!(requests.iter().all(|line| !line.contains("id-canary") && !line.contains('?')), "{requests:?}");
    let tokens = [admin, viewer].map(|file| fs::read_to_string(file).expect("it is ours"));
    assert!(!log.contains("canary in a text") && !log.contains("another canary"), "{log}");
    assert!(tokens.iter().all(|token| !log.contains(token.trim())), "{log}");
}

#[tokio::test]
async fn the_help_that_a_pipe_gets_can_be_copied_at_every_width() {
    let home = Home::new();
    let help = async |width: &str, words: &[&str]| {
        let printed = chatroom(&home).env("COLUMNS", width).args(words).run().await;
        printed.assert_code(0).out.join("\n")
    };
    for width in ["40", "200"] {
        for words in [["send", "--help"], ["help", "send"]] {
            let text = help(width, &words).await;
            assert!(
                text.contains("\n      chatroom send --token-file viewer.token -n 10 --every 1s \"[{n}]\"\n"),
                "{text}"
            );
            assert!(!text.contains(['\u{a0}', '\u{2060}', '\u{1b}']), "{text}");
        }
    }
    assert_eq!(help("80", &["help", "moderate", "mute"]).await, help("80", &["moderate", "mute", "--help"]).await);
}
