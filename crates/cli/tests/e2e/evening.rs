//! The page of a host's evening: its commands are run, and print what stands there.
//!
//! With `CHATROOM_WRITE_DOCS=1` the page is written anew instead.

use std::path::{Path, PathBuf};

use chatroom_testkit::process::{Home, Program};
use chatroom_testkit::serve::{ANY_PORTS, Server};
use jiff::Timestamp;

use crate::support::CHATROOM;

#[tokio::test]
async fn every_command_of_a_hosts_evening_prints_what_its_page_says() {
    let home = Home::new();
    let server = Server::start(CHATROOM, &home, ANY_PORTS.iter().chain(&["--ephemeral"])).await;
    let (api, ca, org) = (&server.ready.tls_api, &server.ready.ca_file, &server.ready.org_token_file);
    let host = home.path().join("host.token");
    let profile = format!(
        "[profiles.default]\napi = {api:?}\nca_file = {ca:?}\norg_token_file = {org:?}\ntoken_file = {host:?}\n"
    );
    std::fs::create_dir_all(home.path().join(".config/chatroom")).expect("the home is ours");
    std::fs::write(home.path().join(".config/chatroom/config.toml"), profile).expect("the home is ours");

    let page = std::fs::read_to_string(page()).expect("the page is there");
    let mut now = String::new();
    let mut lines = page.lines().peekable();
    let mut in_console = false;
    while let Some(line) = lines.next() {
        now += line;
        now.push('\n');
        in_console = if in_console { line != "```" } else { line == "```console" };
        let Some(command) = line.strip_prefix("$ ").filter(|_| in_console) else { continue };
        let is_long = command.starts_with("chatroom serve");
        while let Some(said) = lines.next_if(|line| !line.starts_with("$ ") && *line != "```") {
            if is_long {
                now += said;
                now.push('\n');
            }
        }
        if !is_long {
            for said in run(&home, command).await {
                // An exported table begins with a byte order mark, which nobody sees here.
                now += said.trim_start_matches('\u{feff}').trim_end();
                now.push('\n');
            }
        }
    }
    if std::env::var_os("CHATROOM_WRITE_DOCS").is_some() {
        std::fs::write(self::page(), now).expect("the page can be written");
    } else {
        assert_eq!(timeless(&page), timeless(&now), "run this test with CHATROOM_WRITE_DOCS=1 to write the page anew");
    }
}

/// What a command prints, on both of its outputs, in a shell that finds `chatroom`.
async fn run(home: &Home, command: &str) -> Vec<String> {
    let programs = Path::new(CHATROOM).parent().expect("it is in a folder").display().to_string();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap_or_default());
    Program::new("sh", home).env("PATH", path).args(["-c", &format!("{{ {command}\n}} 2>&1")]).run().await.out
}

fn page() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/evening.md")
}

/// The text without what differs each time.
fn timeless(text: &str) -> String {
    text.lines()
        .map(|line| if line.starts_with("made  ") { "made".to_owned() } else { nameless(line) } + "\n")
        .collect()
}

fn nameless(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "-:.".contains(c);
    let mut timeless = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        timeless += &rest[..start];
        rest = &rest[start..];
        let (word, behind) = rest.split_at(rest.find(|c| !is_part(c)).unwrap_or(rest.len()));
        let is_id = word.len() == 36 && word.bytes().filter(|byte| *byte == b'-').count() == 4;
        timeless += match word {
            _ if is_id => "ID",
            _ if word.parse::<Timestamp>().is_ok() => "TIME",
            _ => word,
        };
        rest = behind;
    }
    timeless + rest
}
