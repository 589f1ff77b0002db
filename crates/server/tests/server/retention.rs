//! What expires, by which clock, and what a data directory must hold.

use std::{fs, path::Path, time::Duration};

use chatroom_server::{Data, Options, RunningServer, Server, StartError, StartWarning};
use chatroom_wire::rest::Role;
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::bed::{Client, get, join, post, text, token};

fn options(directory: &Path, settings: &[(&str, &str)]) -> Options {
    let mut options = Options::ephemeral();
    options.tls_listen = None;
    options.data = Data::Directory(directory.join("data"));
    for (key, value) in settings {
        options.settings.set(key, value).unwrap();
    }
    options
}

async fn start(directory: &Path, settings: &[(&str, &str)]) -> RunningServer {
    Server::start(options(directory, settings)).await.unwrap()
}

async fn admin(server: &RunningServer) -> String {
    token(server, "boss", Role::Admin).await.token.expose().to_owned()
}

/// The texts of the history, the oldest first.
async fn history(server: &RunningServer) -> Vec<String> {
    let page = get(server, "/chatrooms/messages", &admin(server).await).await.json();
    let messages = page["messages"].as_array().unwrap().iter();
    messages.filter_map(|message| message["text_message"]["text"].as_str().map(ToOwned::to_owned)).collect()
}

async fn say(client: &mut Client, id: &str, words: &str) {
    let mut message = text(words);
    message["id"] = json!(id);
    client.must_say(&message).await;
}

/// Waits until this is so.
async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..1_000 {
        if is_so().await {
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
    panic!("not after a long time: {what}");
}

/// Whether a file of the data directory has this in it.
fn is_on_disk(directory: &Path, words: &str) -> bool {
    fs::read_dir(directory.join("data")).unwrap().any(|entry| {
        let bytes = fs::read(entry.unwrap().path()).unwrap_or_default();
        bytes.windows(words.len()).any(|window| window == words.as_bytes())
    })
}

#[tokio::test]
async fn expired_messages_are_in_no_answer_and_in_no_file_though_nobody_uses_the_room() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &[("history.keep", "2s")]).await;
    let admin = admin(&server).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    say(&mut ada, "1", "an old secret").await;
    let pin = json!({"pinned_message": {"message": {"id": "1"}}}).to_string();
    assert_eq!(post(&server, "/chatrooms/messages:pin", &admin, &pin).await.status, 200);
    let state = get(&server, "/chatrooms", &admin).await.json();
    assert_eq!(state["chatroom"]["pinned_messages"][0]["message"]["text"], "an old secret");

    let unpinned = ada.message_of("INTERACTION_TYPE_UNPIN_MESSAGE").await;
    assert_eq!(unpinned["user"], json!({"custom_name": "System"}));
    assert_eq!(unpinned["pin_unpin_message"]["message"], json!({"id": "1", "text": "", "sender": {"custom_name": ""}}));
    assert_eq!(history(&server).await, Vec::<String>::new());
    let state = get(&server, "/chatrooms", &admin).await.json();
    assert_eq!(state["chatroom"]["pinned_messages"], json!([]));
    until("the text has left the files", async || !is_on_disk(directory.path(), "an old secret")).await;
    server.shutdown().await;
}

#[tokio::test]
async fn what_expired_while_the_server_was_away_is_in_no_answer_from_the_start() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &[]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    say(&mut ada, "1", "an old secret").await;
    let pin = json!({"pinned_message": {"message": {"id": "1"}}}).to_string();
    post(&server, "/chatrooms/messages:pin", &admin(&server).await, &pin).await;
    server.shutdown().await;
    shift(directory.path(), SignedDuration::from_hours(-2));

    let server = start(directory.path(), &[("history.keep", "1h")]).await;
    assert_eq!(server.warnings(), []);
    assert_eq!(history(&server).await, Vec::<String>::new());
    let state = get(&server, "/chatrooms", &admin(&server).await).await.json();
    assert_eq!(state["chatroom"]["pinned_messages"], json!([]));
    let page = get(&server, "/chatrooms/messages", &admin(&server).await).await.body;
    assert!(!page.contains("secret"), "{page}");
    server.shutdown().await;
}

#[tokio::test]
async fn a_start_with_a_wrong_date_deletes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &[]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    say(&mut ada, "1", "from before").await;
    server.shutdown().await;
    // The same as a clock that is 400 days ahead from here on.
    shift(directory.path(), SignedDuration::from_hours(-24 * 400));

    let server = start(directory.path(), &[]).await;
    let [warning @ StartWarning::ClockLeapt { ahead, .. }] = server.warnings() else {
        panic!("{:?}", server.warnings())
    };
    assert_eq!(ahead.as_hours(), 24 * 400);
    assert!(warning.to_string().contains("400 days ahead"), "{warning}");
    let mut ada = join(&server, "ada", Role::Viewer).await;
    say(&mut ada, "2", "by a wrong clock").await;
    assert_eq!(history(&server).await, ["from before", "by a wrong clock"]);
    server.shutdown().await;
    // And right again.
    shift(directory.path(), SignedDuration::from_hours(24 * 400));
    let server = start(directory.path(), &[]).await;
    let [warning @ StartWarning::StampsAhead { .. }] = server.warnings() else { panic!("{:?}", server.warnings()) };
    assert!(warning.to_string().contains("ahead of this machine's clock"), "{warning}");
    let mut ada = join(&server, "ada", Role::Viewer).await;
    say(&mut ada, "3", "by a right clock").await;
    assert_eq!(history(&server).await, ["from before", "by a wrong clock", "by a right clock"], "order goes first");
    server.shutdown().await;
}

#[tokio::test]
async fn with_accept_clock_a_leap_is_believed_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &[]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    say(&mut ada, "1", "from before").await;
    server.shutdown().await;
    shift(directory.path(), SignedDuration::from_hours(-24 * 400));

    let mut accepting = options(directory.path(), &[]);
    accepting.accept_clock = true;
    let server = Server::start(accepting).await.unwrap();
    assert_eq!(server.warnings(), []);
    assert_eq!(history(&server).await, Vec::<String>::new());
    until("the text has left the files", async || !is_on_disk(directory.path(), "from before")).await;
    server.shutdown().await;
    assert_eq!(start(directory.path(), &[]).await.warnings(), [], "it is noted");
}

/// Moves all instants of a store: to those who open it next, the clock has leapt the other way.
fn shift(directory: &Path, by: SignedDuration) {
    let store = Connection::open(directory.join("data").join("chatroom.db")).unwrap();
    let by = i64::try_from(by.as_nanos()).unwrap();
    for statement in [
        "UPDATE room SET created_at = created_at + ?1, updated_at = updated_at + ?1,
            last_received_at = last_received_at + ?1",
        "UPDATE message SET received_at = received_at + ?1",
        "UPDATE server SET clock_trusted = clock_trusted + ?1, clock_seen = clock_seen + ?1",
    ] {
        store.execute(statement, [by]).unwrap();
    }
}

#[tokio::test]
async fn a_store_and_keys_that_do_not_belong_together_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = start(directory.path(), &[]).await;
    let room = server.room_id().clone();
    server.shutdown().await;
    let (store, keys) = (data.join("chatroom.db"), data.join("token-key.pem"));
    let refused = async || Server::start(options(directory.path(), &[])).await.map(drop).unwrap_err();
    let accepted = async || {
        let mut options = options(directory.path(), &[]);
        options.accept_store = true;
        let server = Server::start(options).await.unwrap();
        server.shutdown().await;
        server.room_id().clone()
    };

    let aside = directory.path().join("aside");
    fs::rename(&keys, &aside).unwrap();
    assert!(matches!(refused().await, StartError::KeysMissing { .. }));
    assert!(!keys.exists(), "no new keys are made");
    assert_eq!(accepted().await, room);
    start(directory.path(), &[]).await.shutdown().await;
    fs::rename(&aside, &keys).unwrap();
    assert!(matches!(refused().await, StartError::OtherKeys { .. }));
    assert_eq!(accepted().await, room);

    for missing in [true, false] {
        fs::remove_file(&store).unwrap();
        if !missing {
            fs::write(&store, "").unwrap();
        }
        let error = refused().await;
        assert!(matches!(error, StartError::StoreMissing { .. }), "{error}");
        assert_eq!(fs::metadata(&store).is_ok(), !missing, "no new store is made");
        assert_ne!(accepted().await, room);
    }
}

#[tokio::test]
async fn a_damaged_store_is_not_ready_and_takes_nothing_more() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(directory.path(), &[("rate.viewer", "1000")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    for number in 0..200 {
        say(&mut ada, &number.to_string(), &format!("{number} {}", "x".repeat(900))).await;
    }
    server.shutdown().await;
    let store = directory.path().join("data").join("chatroom.db");
    let mut bytes = fs::read(&store).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 20 * 4096].fill(0x55);
    fs::write(&store, bytes).unwrap();

    let server = start(directory.path(), &[]).await;
    let admin = admin(&server).await;
    let ready = async || crate::bed::call(&server, "GET", "/readyz", &[], "").await.status;
    let mut status = 200;
    for after in 0..4 {
        let path = format!("/chatrooms/messages?limit=100&from_oldest={}", after % 2 == 0);
        status = status.max(get(&server, &path, &admin).await.status);
    }
    assert_eq!(status, 500, "the damaged part can't be read");
    until("it is not ready", async || ready().await == 503).await;
    let mute = post(&server, "/chatrooms:mute", &admin, "{}").await;
    assert_eq!(mute.status, 500, "{mute:?}");
    let mut ada = join(&server, "ada", Role::Viewer).await;
    assert!(matches!(ada.say(&text("more")).await, crate::bed::Ack::Refused { .. }));
    assert_eq!(get(&server, "/chatrooms", &admin).await.json()["chatroom"]["muted"], Value::Bool(false));
    server.shutdown().await;
}

#[tokio::test]
async fn a_stop_notes_the_clock() {
    let directory = tempfile::tempdir().unwrap();
    let before = Timestamp::now();
    start(directory.path(), &[]).await.shutdown().await;
    let store = Connection::open(directory.path().join("data").join("chatroom.db")).unwrap();
    let noted: i64 = store.query_row("SELECT clock_trusted FROM server", [], |row| row.get(0)).unwrap();
    assert!(i128::from(noted) >= before.as_nanosecond());
}
