//! What ends the programs that stay, and what they leave behind.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use chatroom_testkit::certs::{Certs, Leaf};
use chatroom_testkit::process::Home;
use chatroom_testkit::rest::Rest;
use chatroom_testkit::serve::ANY_PORTS;
use chatroom_testkit::within;
use tokio::io::AsyncReadExt as _;

use crate::support::{CHATROOM, Said, chatroom, server};

fn temporary(home: &Home) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(home.path().join("tmp")).expect("a home has it");
    entries.map(|entry| entry.expect("it can be read").path()).collect()
}

#[tokio::test]
async fn every_ending_signal_cleans_up() {
    let home = Home::new();
    let mut servers = Vec::new();
    for signal in ["INT", "TERM", "QUIT", "USR1", "ALRM"] {
        servers.push((signal, server(&home).await));
    }
    let demo = chatroom(&home).args(["demo", "--plain"]).start();
    demo.out_line(|line| Said::read(line).is_some()).await;
    assert_eq!(temporary(&home).len(), servers.len() + 1);
    demo.signal("HUP").await;
    demo.exit().await.assert_code(0);
    for (signal, server) in servers {
        server.process.signal(signal).await;
        server.process.exit().await.assert_code(0);
    }
    assert_eq!(temporary(&home), [""; 0].map(PathBuf::from));
}

#[tokio::test]
async fn a_start_removes_what_a_killed_server_left_and_nothing_of_a_live_one() {
    let home = Home::new();
    let (killed, live) = (server(&home).await, server(&home).await);
    let left = killed.ready.org_token_file.clone();
    let mode = |path: &Path| path.metadata().expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(left.parent().expect("it lies in a folder")), 0o700);
    killed.process.kill().await;
    assert!(left.exists());
    let foreign = home.path().join("tmp").join("chatroom-notes");
    std::fs::create_dir(&foreign).expect("a home can be written");
    let next = server(&home).await;
    assert!(!left.exists());
    assert!(live.ready.org_token_file.exists() && next.ready.org_token_file.exists() && foreign.exists());
    assert_eq!(live.viewer().get("/readyz").await.status, 200);
}

#[tokio::test]
async fn a_hangup_has_a_server_without_a_terminal_read_its_certificate_anew() {
    let home = Home::new();
    let (before, after) = (Certs::new(), Certs::new());
    let (certificate, key) = before.files(Leaf::Good);
    let path = |path: &Path| path.display().to_string();
    let files = ["--tls-cert".to_owned(), path(&certificate), "--tls-key".to_owned(), path(&key)];
    let args =
        ANY_PORTS.map(ToOwned::to_owned).into_iter().chain(["--data".to_owned(), path(&home.path().join("data"))]);
    let args = args.chain(["--log".to_owned(), "info".to_owned()]).chain(files);
    let server = chatroom_testkit::process::Program::new(CHATROOM, &home).args(["serve", "--ready", "json"]).args(args);
    let process = server.start();
    let line = process.out_line(|line| line.contains("\"ready\"")).await;
    let ready: serde_json::Value = serde_json::from_str(&line).expect("it is JSON");
    let api = ready["tls_api"].as_str().expect("it listens for TLS").replace("127.0.0.1", "localhost");
    let ask = async |certs: &Certs| Rest::new(&api, "", Some(&certs.ca_file())).get("/healthz").await.status;
    assert_eq!(ask(&before).await, 200);

    let (new_certificate, new_key) = after.files(Leaf::Good);
    std::fs::write(&certificate, "no certificate").expect("it can be written");
    process.signal("HUP").await;
    process.err_line(|line| line.contains("failed to read the certificate anew")).await;
    assert_eq!(ask(&before).await, 200, "the one before stays");
    std::fs::copy(new_certificate, &certificate).expect("it can be written");
    std::fs::copy(new_key, &key).expect("it can be written");
    process.signal("HUP").await;
    process.err_line(|line| line.contains("the certificate was read anew")).await;
    assert_eq!(ask(&after).await, 200);
    process.signal("TERM").await;
    process.exit().await.assert_code(0);
}

#[tokio::test]
async fn a_terminal_that_is_closed_ends_a_server_and_a_demo_in_order() {
    for args in [&["serve", "--ephemeral", "--listen", "127.0.0.1:0", "--tls-listen", "127.0.0.1:0"][..], &["demo"]] {
        let home = Home::new();
        let (mut terminal, line) = pty_process::open().expect("the system has terminals");
        let command = pty_process::Command::new(CHATROOM).args(args).env_clear().env("HOME", home.path());
        let command = command.env("TMPDIR", home.path().join("tmp")).kill_on_drop(true);
        let mut child = command.spawn(line).expect("the binary was built for this test");
        let mut shown = Vec::new();
        within("its first words", async {
            while !String::from_utf8_lossy(&shown).contains("ready")
                && !String::from_utf8_lossy(&shown).contains("joined")
            {
                let mut piece = [0; 1024];
                let length = terminal.read(&mut piece).await.expect("it says something");
                shown.extend_from_slice(&piece[..length]);
            }
        })
        .await;
        assert_eq!(temporary(&home).len(), 1);
        drop(terminal);
        let status = within("its end", child.wait()).await.expect("it can be waited for");
        assert!(status.code().is_some(), "{args:?} was killed: {status}");
        assert_eq!(temporary(&home).len(), 0, "{args:?}");
    }
}
