//! Tokens made, renewed and read from the command line; they are seen only by whoever asks.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use chatroom_mqtt::ReasonCode;
use chatroom_testkit::endpoint::Endpoint;
use chatroom_testkit::process::{Exit, Home};
use chatroom_testkit::scripted::{OnConnect, Script};
use chatroom_testkit::{config_file, token};
use jiff::{SignedDuration, Timestamp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::rooms::{chat_args, json, org_args};
use crate::support::{chatroom, refusal, server};

#[tokio::test]
async fn a_token_goes_into_a_private_file_and_is_told_in_words() {
    let home = Home::new();
    let server = server(&home).await;
    let (out, refresh) = (file(&home, "ada.token"), file(&home, "ada.refresh"));
    let create = |more: &[&str]| {
        let args = ["token", "create", "--room", &server.ready.room_id, "--name", "Ada", "--subject", "ada"];
        let files = ["--out", &out, "--refresh-out", &refresh, "--expires", "2h"];
        chatroom(&home).args(args).args(files).args(more).args(org_args(&server)).env("RUST_LOG", "trace")
    };
    let made = create(&[]).run().await;
    made.assert_code(0);
    let (token, refresh_token) = (private(&out), private(&refresh));
    for line in ["role           viewer", "person         ada", "name           Ada"] {
        assert!(made.out.contains(&line.to_owned()), "no {line:?}\n{}", made.transcript());
    }
    assert!(made.out.iter().any(|line| line.starts_with("ends           in ")), "{}", made.transcript());
    assert!(made.err.concat().contains(" DEBUG "), "the log is not on\n{}", made.transcript());
    let org_token = fs::read_to_string(&server.ready.org_token_file).unwrap().trim().to_owned();
    assert_hidden(&made, [&token, &refresh_token, &org_token]);

    // What is there already is not written over, and no token is made in vain.
    let again = create(&[]).run().await;
    assert_eq!(refusal(&again, 1, "--force"), Vec::<String>::new(), "{}", again.transcript());
    assert_eq!(private(&out), token);
    fs::set_permissions(&out, fs::Permissions::from_mode(0o644)).unwrap();
    let forced = json(&create(&["--force", "--json"]).run().await);
    assert_ne!(private(&out), token, "it is another token, and its file is private again");
    assert_eq!((&forced["role"], &forced["subject"]), (&"viewer".into(), &"ada".into()));
    assert_eq!((&forced["token_file"], &forced["token"]), (&out.into(), &serde_json::Value::Null));
}

#[tokio::test]
async fn a_token_is_shown_to_whoever_asks_for_it() {
    let home = Home::new();
    let server = server(&home).await;
    let create = ["token", "create", "--room", &server.ready.room_id, "--role", "admin", "--show"];
    let made = chatroom(&home).args(create).args(org_args(&server)).run().await;
    made.assert_code(0);
    let [token] = &made.out[..] else { panic!("stdout is the token alone\n{}", made.transcript()) };
    let config = chatroom(&home)
        .args(["room", "show", "--api", &server.ready.tls_api, "--ca-file"])
        .arg(&server.ready.ca_file)
        .env("CHATROOM_TOKEN", token);
    config.run().await.assert_code(0);
    let made = json(&chatroom(&home).args(create).arg("--json").args(org_args(&server)).run().await);
    assert!(made["token"].is_string() && made["refresh_token"].is_string());
}

#[tokio::test]
async fn a_refresh_token_buys_a_fresh_token_that_is_good() {
    let home = Home::new();
    let server = server(&home).await;
    let (out, refresh) = (file(&home, "ada.token"), file(&home, "ada.refresh"));
    let create = ["token", "create", "--room", &server.ready.room_id, "--out", &out, "--refresh-out", &refresh];
    chatroom(&home).args(create).args(org_args(&server)).run().await.assert_code(0);
    let renew = |refresh: &str, more: &[&str]| {
        let args = ["token", "refresh", "--refresh-token-file", refresh, "--out", &out];
        let ca = server.ready.ca_file.display().to_string();
        let service = ["--api", &server.ready.tls_api, "--ca-file", &ca];
        chatroom(&home).args(args).args(more).args(service).env("RUST_LOG", "trace")
    };
    let kept = renew(&refresh, &[]).run().await;
    assert_eq!(refusal(&kept, 1, "--force"), Vec::<String>::new(), "{}", kept.transcript());
    let renewed = renew(&refresh, &["--force"]).run().await;
    renewed.assert_code(0);
    assert_hidden(&renewed, [&private(&out), &private(&refresh)]);
    chatroom(&home).args(["room", "show"]).args(chat_args(&server, &out)).run().await.assert_code(0);

    let wrong = renew(&out, &["--force"]).run().await;
    assert_eq!(refusal(&wrong, 4, "refresh token"), Vec::<String>::new(), "{}", wrong.transcript());
    // A refresh token is bought with by itself, where it is given beside a token that has ended.
    let ended = home.file("ended", token::expiring_at(1_700_000_000)).display().to_string();
    let show = chatroom(&home).args(["room", "show"]).args(chat_args(&server, &ended));
    show.args(["--refresh-token-file", &refresh]).run().await.assert_code(0);
}

/// A service that answers each call so, with its clock two days behind ours, and whatever the call is.
async fn service(status: &'static str) -> Endpoint {
    Endpoint::start(None, move |mut link| async move {
        let mut head = String::new();
        while let Ok(byte) = link.read_u8().await {
            head.push(char::from(byte));
            if head.ends_with("\r\n\r\n") {
                let then = Timestamp::now() - SignedDuration::from_hours(48);
                let date = jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&then);
                let date = date.expect("the year is no larger than 9999");
                let body = r#"{"chatroom":{"id":"room-of-the-test","status":"CHAT_STATUS_ACTIVE"}}"#;
                let length = body.len();
                let answer = format!("HTTP/1.1 {status}\r\ndate: {date}\r\ncontent-length: {length}\r\n\r\n{body}");
                let _ = link.write_all(answer.as_bytes()).await;
                head.clear();
            }
        }
    })
    .await
}

#[tokio::test]
async fn the_service_decides_on_a_token_that_is_over_by_this_machine_s_clock() {
    let home = Home::new();
    let ended = home.file("ended", token::expiring_at(Timestamp::now().as_second() - 24 * 3600)).display().to_string();
    let show = |api: String| chatroom(&home).args(["room", "show", "--token-file", &ended, "--api", &api]);

    let taken = service("200 OK").await;
    let exit = show(format!("http://{}", taken.address())).run().await;
    exit.assert_code(0);
    assert!(exit.err.concat().contains("expired 1 day ago"), "{}", exit.transcript());
    assert_eq!(taken.record().connections(), 1);

    let refused = service("401 Unauthorized").await;
    let exit = show(format!("http://{}", refused.address())).run().await;
    assert_eq!(refusal(&exit, 4, "expired 1 day ago"), Vec::<String>::new(), "{}", exit.transcript());
    let note = exit.err.iter().find(|line| line.starts_with("note:")).expect("there is a note");
    assert!(note.ends_with("this machine's clock is 2 days ahead of the service's"), "{note}");

    let nobody = show("http://127.0.0.1:1".to_owned()).run().await;
    assert_eq!(refusal(&nobody, 3, "expired 1 day ago"), Vec::<String>::new(), "{}", nobody.transcript());
    assert!(
        nobody.err.iter().any(|line| line.starts_with("note:") && line.contains("expired")),
        "{}",
        nobody.transcript()
    );
}

#[tokio::test]
async fn a_room_is_joined_with_a_token_that_is_over_by_this_machine_s_clock() {
    let home = Home::new();
    let script = |connect| Script { connect, ..Script::default() };
    let refuses = OnConnect::Refuse(ReasonCode::NOT_AUTHORIZED, None);
    for (connect, code) in [(OnConnect::Accept, 0), (refuses, 4)] {
        let server = script(connect).start(None).await;
        let mut details = config_file::details("unused.example", &token::expiring_at(1_700_000_000));
        details["connection"]["url"] = format!("ws://{}/mqtt", server.host()).into();
        let config = home.file("config.json", details.to_string());
        let exit = chatroom(&home).args(["send", "hello", "--config"]).arg(config).run().await;
        exit.assert_code(code);
        assert!(exit.err.concat().contains("expired"), "{}", exit.transcript());
        assert_eq!(server.record().connections(), 1, "one attempt");
    }
}

#[tokio::test]
async fn what_a_token_says_is_read_without_asking_anybody() {
    let home = Home::new();
    let now = Timestamp::now().as_second();
    let good = token::expiring_at(now + 24 * 3600);
    let inspect = |text: &str, more: &[&str]| {
        let path = home.file("token", text);
        chatroom(&home).args(["token", "inspect", "--token-file"]).arg(path).args(more)
    };
    let told = inspect(&good, &[]).run().await;
    told.assert_code(0);
    assert_hidden(&told, [&good]);
    for line in ["room           room-of-the-test", "person         user-of-the-test", "role           viewer"] {
        assert!(told.out.contains(&line.to_owned()), "no {line:?}\n{}", told.transcript());
    }
    assert!(told.out.iter().any(|line| line.starts_with("ends           in 1 day")), "{}", told.transcript());
    assert!(told.err.concat().contains("signature is not checked"), "{}", told.transcript());
    let shown = json(&inspect(&good, &["--show", "--json"]).run().await);
    assert_eq!((&shown["token"], &shown["expired"]), (&good.as_str().into(), &false.into()));
    assert_eq!(shown["claims"]["tenant_id"], "tenant-of-the-test");

    let ended = inspect(&token::expiring_at(now - 90), &[]).run().await;
    ended.assert_code(4);
    assert!(ended.out.iter().any(|line| line.starts_with("ended          1 min 3")), "{}", ended.transcript());
    assert!(ended.err.iter().any(|line| line.starts_with("hint:")), "{}", ended.transcript());
    for no_token in ["", "canary", "can.ary.3"] {
        let exit = inspect(no_token, &[]).run().await;
        assert_eq!(refusal(&exit, 4, "can't be used"), Vec::<String>::new(), "{}", exit.transcript());
        assert!(!exit.transcript().contains("ary"), "{}", exit.transcript());
    }
}

#[tokio::test]
async fn a_token_that_can_t_be_made_is_refused_with_the_reason() {
    let home = Home::new();
    let server = server(&home).await;
    let out = file(&home, "token");
    let create = |args: &[&str]| chatroom(&home).args(["token", "create"]).args(args).args(org_args(&server));
    let room = server.ready.room_id.as_str();
    for (args, code, words) in [
        (&["--room", "nowhere", "--out", &out][..], 1, "404"),
        (&["--room", "..", "--out", &out], 1, "404"),
        (&["--room", room, "--out", "no/such/folder/token"], 1, "can't be written"),
        (&["--room", room, "--out", &out, "--refresh-out", &out], 2, "one file"),
    ] {
        let exit = create(args).run().await;
        assert_eq!(refusal(&exit, code, words), Vec::<String>::new(), "{args:?}\n{}", exit.transcript());
        assert!(!Path::new(&out).exists(), "{args:?}");
    }
    for args in [&["--room", room][..], &["--out", &out], &["--room", room, "--out", &out, "--role", "king"]] {
        create(args).run().await.assert_code(2);
    }
}

fn file(home: &Home, name: &str) -> String {
    home.path().join(name).display().to_string()
}

/// The secret in a file that nobody else can read.
#[track_caller]
fn private(path: &str) -> String {
    let mode = fs::metadata(path).expect("the file was written").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "{path}: {mode:o}");
    fs::read_to_string(path).expect("it is text").trim().to_owned()
}

#[track_caller]
fn assert_hidden<const N: usize>(exit: &Exit, secrets: [&String; N]) {
    for line in exit.out.iter().chain(&exit.err) {
        assert!(!secrets.iter().any(|secret| line.contains(secret.as_str())), "a secret is shown");
    }
}
