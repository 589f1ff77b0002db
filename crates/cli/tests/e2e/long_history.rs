//! The history of a room with a hundred thousand messages, read from both ends while people talk.

use std::collections::BTreeSet;

use chatroom_server::store::{Audience, NewMessage, SqliteStore, Store};
use chatroom_testkit::process::Home;
use chatroom_testkit::serve::{ANY_PORTS, Server};
use chatroom_wire::{Kind, Message, RoomId, Time, User};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::support::{CHATROOM, chatroom};

const MESSAGES: usize = 100_000;

/// How much more memory a room of a hundred thousand messages may take than one of a hundred, in KiB: what an allocator
/// keeps, and far less than the messages.
const GROWTH: u64 = 8 * 1024;

#[tokio::test]
async fn a_hundred_thousand_messages_are_read_exactly_once_in_both_directions() {
    let home = Home::new();
    let data = home.path().join("data");
    let args = ["--data".to_owned(), data.display().to_string()];
    let server = Server::start(CHATROOM, &home, ANY_PORTS.map(ToOwned::to_owned).iter().chain(&args)).await;
    let room = RoomId::from(server.ready.room_id.as_str());
    let small = read(&home, &server, "--oldest-first").await;
    server.process.signal("TERM").await;
    server.process.exit().await.assert_code(0);
    fill(&data.join("chatroom.db"), &room).await;

    let server = Server::start(CHATROOM, &home, ANY_PORTS.map(ToOwned::to_owned).iter().chain(&args)).await;
    let talk = chatroom(&home).args(["send", "--count", "1000000", "--every", "50ms", "new {n}"]);
    let talk = talk.args(server.admin_args()).start();
    let tail = chatroom(&home).args(["tail", "--json", "--count", "1"]).args(server.viewer_args());
    tail.run().await.assert_code(0);
    let old: BTreeSet<String> = (0..MESSAGES).map(|number| format!("old-{number}")).collect();
    for direction in ["--oldest-first", "--newest-first"] {
        let Read { mut ids, memory } = read(&home, &server, direction).await;
        if direction == "--newest-first" {
            ids.reverse();
        }
        let seen: BTreeSet<&String> = ids.iter().collect();
        assert_eq!(seen.len(), ids.len(), "{direction}: something came twice");
        assert!(old.iter().all(|id| seen.contains(id)), "{direction}: something is missing");
        let in_order = ids.iter().filter(|id| old.contains(*id)).enumerate();
        assert!(in_order.into_iter().all(|(place, id)| *id == format!("old-{place}")), "{direction}: out of order");
        assert!(ids.len() > MESSAGES, "{direction}: people talked meanwhile");
        assert!(memory < small.memory + GROWTH, "{direction}: {memory} KiB against {} KiB", small.memory);
    }
    talk.signal("INT").await;
    talk.exit().await;
}

struct Read {
    ids: Vec<String>,
    /// The most that it took, in KiB.
    memory: u64,
}

async fn read(home: &Home, server: &Server, direction: &str) -> Read {
    let history = chatroom(home).args(["history", "--json", direction]).args(server.viewer_args()).start();
    let status = format!("/proc/{}/status", history.id());
    let mut memory = 0;
    // Gone once it has ended; what was read before that is the most that it took until then.
    while let Ok(text) = std::fs::read_to_string(&status) {
        let Some(peak) = text.lines().find_map(|line| line.strip_prefix("VmHWM:")) else { break };
        memory = peak.trim().trim_end_matches(" kB").parse().expect("it is a number");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let exit = history.exit().await;
    exit.assert_code(0);
    let id = |line: &String| -> String {
        let message: Value = serde_json::from_str(line).expect("each line is JSON");
        message["id"].as_str().expect("each message has an id").to_owned()
    };
    Read { ids: exit.out.iter().map(id).collect(), memory }
}

/// Writes the messages into the store of a server that is not running.
async fn fill(path: &std::path::Path, room: &RoomId) {
    let store = SqliteStore::open(path).expect("the server made it");
    let begun = store.position(room).await.expect("the room is there").received_at.unwrap_or_else(Timestamp::now);
    let numbers: Vec<usize> = (0..MESSAGES).collect();
    for chunk in numbers.chunks(1_000) {
        let messages = chunk.iter().map(|number| message(*number, begun)).collect();
        store.append(room, messages).await.expect("there is room for them");
    }
}

fn message(number: usize, begun: Timestamp) -> NewMessage {
    let after = SignedDuration::from_micros(i64::try_from(number).expect("a small number") + 1);
    let (id, received_at) = (format!("old-{number}"), begun + after);
    let user = User { id: Some("writer".into()), ..User::named("writer") };
    let said = Message {
        id: Some(id.as_str().into()),
        received_at: Some(Time::nanoseconds(received_at)),
        ..Message::text_by(user, format!("message {number}"))
    };
    NewMessage {
        id: id.as_str().into(),
        user: "writer".into(),
        kind: Kind::Text,
        received_at,
        json: serde_json::to_vec(&said).expect("a message is JSON").into(),
        audience: Audience::Everyone,
        changes: Vec::new(),
    }
}
