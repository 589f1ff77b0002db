//! `tail` in a flood, with a reader who stops, and with one who has seen enough.
//!
//! `CHATROOM_FLOOD` says how many messages the flood has, 100,000 unless said.
//!
//! - [`stopped`]: the reader who stops; [`control`]: a server that floods with pings

mod control;
mod stopped;

use std::collections::VecDeque;
use std::fmt::Write as _;

use bytes::Bytes;
use chatroom_mqtt::Accept;
use chatroom_testkit::certs::{Certs, Leaf};
use chatroom_testkit::config_file;
use chatroom_testkit::endpoint::Endpoint;
use chatroom_testkit::patience::within;
use chatroom_testkit::process::{Home, Program};
use chatroom_testkit::scripted::{Heard, OnConnect, OnSubscribe, Script};
use chatroom_testkit::token;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::support::chatroom;

const MESSAGES: usize = 100_000;
/// So many come in one packet.
const BATCH: usize = 50;
/// So long, in seconds, that no ping goes out: its answer would stand behind megabytes that the system holds for the link,
/// and on a busy machine `tail` may be longer about those than it waits for the answer.
const KEEP_ALIVE: u16 = 3600;
/// What `tail` may take at most, in KiB: what users are promised.
const MEMORY: u64 = 64 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_flood_with_one_in_five_doubled_nothing_is_shown_twice_and_what_is_left_out_is_said() {
    let messages = std::env::var("CHATROOM_FLOOD").map_or(MESSAGES, |it| it.parse().expect("it is a number"));
    let room = Room::with(flood(messages, BATCH)).await;
    let mut tail = room.tail("exec \"$0\" \"$@\"");
    let mut lines = lines(&mut tail);
    let mut tally = Tally::default();
    while tally.next < messages {
        let line = within("the next line", lines.next_line()).await.expect("it can be read");
        tally.count(&line.expect("it stays in the room"));
    }
    let memory = peak(&tail);
    assert_eq!(tally.shown + tally.left_out, messages, "{tally:?}");
    // None, where this machine lets the reader keep up.
    println!("{messages} messages, one in five doubled: {} left out, {memory} KiB at most", tally.left_out);
    assert!(memory < MEMORY, "{memory} KiB");
}

#[tokio::test]
async fn a_reader_who_has_seen_enough_ends_it_at_the_next_message() {
    let room = Room::with(flood(20_000, BATCH)).await;
    let mut tail = room.tail("\"$0\" \"$@\" | head -n 1");
    let mut lines = lines(&mut tail);
    let line = within("the first line", lines.next_line()).await.expect("it can be read").expect("there is one");
    assert_eq!(number(&serde_json::from_str(&line).expect("it is JSON")), Some(0));
    // The shell ends with both, and whoever stays in the room keeps the pipe of stderr open.
    assert!(within("the end", tail.wait()).await.expect("it has a status").success());
}

#[tokio::test]
async fn an_interrupt_ends_it_with_its_last_line_whole() {
    let room = Room::with(flood(50, BATCH)).await;
    let program = room.program();
    let process = program.start();
    process.out_line(|line| line.contains("\"49\"")).await;
    process.signal("INT").await;
    let exit = process.exit().await;
    exit.assert_code(0);
    let mut tally = Tally::default();
    exit.out.iter().for_each(|line| tally.count(line));
    assert_eq!(tally.shown, 50, "{}", exit.transcript());
}

/// A room that floods whoever comes.
struct Room {
    home: Home,
    certs: Certs,
    config: String,
    endpoint: Endpoint,
    heard: Heard,
}

impl Room {
    async fn with(payloads: Vec<Bytes>) -> Self {
        Self::that(OnSubscribe::Grant(payloads)).await
    }

    async fn that(subscribe: OnSubscribe) -> Self {
        let certs = Certs::new();
        let connect = OnConnect::AcceptAs(Box::new(Accept::new(KEEP_ALIVE)));
        let script = Script { connect, subscribe, ..Script::default() };
        let (endpoint, heard) = Script::start_in_turn([script], Some(certs.server(Leaf::Good))).await;
        Self::behind(certs, endpoint, heard)
    }

    fn behind(certs: Certs, endpoint: Endpoint, heard: Heard) -> Self {
        let home = Home::new();
        let details = config_file::details(&endpoint.host(), &token::good());
        let config = home.file("config.json", details.to_string()).display().to_string();
        Self { home, certs, config, endpoint, heard }
    }

    fn arguments(&self) -> [String; 6] {
        let ca_file = self.certs.ca_file().display().to_string();
        ["tail", "--json", "--config", &self.config, "--ca-file", &ca_file].map(ToOwned::to_owned)
    }

    fn program(&self) -> Program {
        chatroom(&self.home).args(self.arguments())
    }

    /// Starts `tail` by a script of a shell; what it says is read by the test alone.
    fn tail(&self, script: &str) -> Child {
        Command::new("sh")
            .args(["-c", script, crate::support::CHATROOM])
            .args(self.arguments())
            .env("HOME", self.home.path())
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("there is a shell")
    }
}

/// What came out.
#[derive(Debug, Default)]
struct Tally {
    /// The number that may come next at the earliest.
    next: usize,
    shown: usize,
    left_out: usize,
}

impl Tally {
    #[track_caller]
    fn count(&mut self, line: &str) {
        let value: Value = serde_json::from_str(line).expect("each line is JSON");
        if let Some(left_out) = value["left_out"].as_u64() {
            self.left_out += usize::try_from(left_out).expect("it fits");
            return;
        }
        let Some(number) = number(&value) else { return };
        assert!(number >= self.next, "{number} came twice or late: {} was next", self.next);
        self.next = number + 1;
        self.shown += 1;
    }
}

fn number(message: &Value) -> Option<usize> {
    message["text_message"]["text"].as_str()?.split(' ').next()?.parse().ok()
}

fn lines(tail: &mut Child) -> Lines<BufReader<ChildStdout>> {
    read(tail.stdout.take().expect("it is a pipe"))
}

fn read<R: AsyncRead + Unpin>(source: R) -> Lines<BufReader<R>> {
    BufReader::new(source).lines()
}

/// The most memory that it took, in KiB.
fn peak(tail: &Child) -> u64 {
    let status = format!("/proc/{}/status", tail.id().expect("it runs"));
    let text = std::fs::read_to_string(status).expect("it runs");
    let peak = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells it");
    peak.trim().trim_end_matches(" kB").parse().expect("it is a number")
}

/// So many messages in packets; one in five comes a second time, much later.
fn flood(messages: usize, size: usize) -> Vec<Bytes> {
    let mut again = VecDeque::new();
    let mut payloads = Vec::new();
    let mut batch = Vec::new();
    for number in 0..messages {
        let said = said(number);
        if number % 5 == 2 {
            again.push_back(said.clone());
        }
        batch.push(said);
        if again.len() > 3 * BATCH {
            batch.extend(again.pop_front());
        }
        if batch.len() >= size || number + 1 == messages {
            payloads.push(array(&std::mem::take(&mut batch)));
        }
    }
    payloads
}

fn array(messages: &[String]) -> Bytes {
    let mut text = String::from("[");
    for (place, message) in messages.iter().enumerate() {
        let _ = write!(text, "{}{message}", if place == 0 { "" } else { "," });
    }
    text.push(']');
    text.into()
}

fn said(number: usize) -> String {
    let (seconds, micros) = (number / 1_000_000, number % 1_000_000);
    format!(
        "{{\"id\":\"{number}\",\"user\":{{\"id\":\"u\",\"custom_name\":\"Grace\"}},\"type\":\"INTERACTION_TYPE_TEXT\",\
         \"text_message\":{{\"text\":\"{number} what somebody says in a room at a live event, as long as such texts are\"}},\
         \"received_at\":\"2026-06-01T20:15:{seconds:02}.{micros:06}Z\"}}"
    )
}
