//! Messages that outlive the program: killed senders, several at once, torn files, and what is told of all that.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use chatroom_testkit::patience::within;
use chatroom_testkit::process::{Exit, Home, Process, Program};
use chatroom_testkit::serve::{ANY_PORTS, Ready, Server};
use serde_json::Value;

use crate::support::{CHATROOM, address, chatroom, joined, refusal, server, texts};

/// What stands in the place of an outbox may be a stranger's, or hang whoever opens it.
#[cfg(unix)]
#[tokio::test]
async fn an_outbox_that_is_not_this_user_s_alone_is_refused_by_every_command_and_hangs_none() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let home = Home::new();
    let server = server(&home).await;
    let outbox = home.path().join("waiting");
    let dir = outbox.display().to_string();
    let send = |text: &str| chatroom(&home).args(["send", text, "--outbox", &dir]).args(server.viewer_args());
    send("hello").run().await.assert_code(0);
    let journal = fs::read_dir(&outbox).unwrap().map(|entry| entry.unwrap().path());
    let journal = journal.into_iter().find(|path| path.extension().is_some_and(|it| it == "journal")).unwrap();
    let lock = PathBuf::from(format!("{}.lock", journal.display()));
    let refused = async |words: &str, also_lists: bool| {
        let list = chatroom(&home).args(["outbox", "list", "--outbox", &dir]);
        let clear = chatroom(&home).args(["outbox", "clear", "--yes", "--outbox", &dir]);
        for (program, asked) in [(send("again"), true), (clear, true), (list, also_lists)] {
            let exit = program.run().await;
            if asked {
                assert_eq!(refusal(&exit, 1, words), Vec::<String>::new(), "{}", exit.transcript());
            }
        }
    };
    for (file, lists) in [(&journal, true), (&lock, false)] {
        fs::remove_file(file).unwrap();
        let made = std::process::Command::new("mkfifo").arg(file).status().unwrap();
        assert!(made.success());
        refused("it is no regular file", lists).await;
        fs::remove_file(file).unwrap();
        symlink(home.path().join("elsewhere"), file).unwrap();
        refused("it is a symbolic link", lists).await;
        fs::remove_file(file).unwrap();
        fs::write(file, "").unwrap();
        fs::set_permissions(file, fs::Permissions::from_mode(0o666)).unwrap();
        refused("others may write it", lists).await;
        fs::remove_file(file).unwrap();
        send("and again").run().await.assert_code(0);
    }
    fs::set_permissions(&outbox, fs::Permissions::from_mode(0o777)).unwrap();
    refused("others may write in its directory", true).await;
}

/// A server that can be down for a while, and comes back with the same address and data.
struct Stage {
    home: Home,
    ready: Ready,
    args: Vec<String>,
    viewer: Vec<String>,
}

impl Stage {
    async fn new() -> (Self, Server) {
        let home = Home::new();
        let data = home.path().join("data").display().to_string();
        let server = Server::start(CHATROOM, &home, ANY_PORTS.iter().chain(&["--data", &data])).await;
        let ready = server.ready.clone();
        let tls = address(&ready.tls_api).replace("localhost", "127.0.0.1");
        let args = ["--listen", address(&ready.api), "--tls-listen", &tls, "--data", &data].map(str::to_owned).to_vec();
        let viewer = server.viewer_args();
        (Self { home, ready, args, viewer }, server)
    }

    async fn back(&self) -> Server {
        Server::start(CHATROOM, &self.home, &self.args).await
    }

    fn send(&self, args: &[&str]) -> Program {
        chatroom(&self.home).arg("send").args(args).args(&self.viewer)
    }

    /// What was said in the room, in order.
    async fn said(&self) -> Vec<String> {
        let exit = chatroom(&self.home).arg("history").args(&self.viewer).run().await;
        texts(&exit.assert_code(0).out)
    }

    /// What waits, by the command that lists it.
    async fn waiting(&self) -> Vec<String> {
        let exit = chatroom(&self.home).args(["outbox", "list", "--json"]).run().await;
        exit.assert_code(0).out.iter().map(|line| text(&json(line)["text"])).collect()
    }

    /// The files with messages.
    fn journals(&self) -> Vec<PathBuf> {
        let folder = self.home.path().join(".local/state/chatroom/outbox/default");
        let mut paths: Vec<PathBuf> = fs::read_dir(folder)
            .expect("something was sent")
            .map(|entry| entry.expect("it can be read").path())
            .collect();
        paths.retain(|path| path.extension().is_some_and(|ending| ending == "journal"));
        paths.sort();
        paths
    }
}

fn json(line: &str) -> Value {
    serde_json::from_str(line).expect("each line is JSON")
}

fn text(value: &Value) -> String {
    value.as_str().expect("it is a text").to_owned()
}

/// Waits until it is told that so many messages are on disk.
async fn queued(send: &Process, messages: usize) {
    let queued = |line: &String| json(line)["state"] == "queued";
    send.out_until(|lines| (lines.iter().filter(|line| queued(line)).count() == messages).then_some(())).await;
}

/// The same, and kills it.
async fn kill_once_queued(send: Process, messages: usize) -> Exit {
    queued(&send, messages).await;
    send.kill().await
}

#[tokio::test]
async fn what_a_killed_sender_was_told_is_queued_the_next_one_delivers_once_and_in_order() {
    let (stage, server) = Stage::new().await;
    server.process.kill().await;
    let killed = kill_once_queued(stage.send(&["--json", "--count", "3", "before {n}"]).start(), 3).await;
    assert_eq!(killed.code, None, "{}", killed.transcript());
    assert_eq!(stage.waiting().await, ["before 0", "before 1", "before 2"]);

    let _server = stage.back().await;
    let exit = stage.send(&["--json", "after"]).run().await;
    exit.assert_code(0);
    assert!(
        exit.err.iter().any(|line| line.contains("3 messages of an earlier run are sent first")),
        "{}",
        exit.transcript()
    );
    assert!(
        exit.err.iter().any(|line| line.contains("3 messages of an earlier run delivered")),
        "{}",
        exit.transcript()
    );
    let receipts: Vec<Value> = exit.out.iter().map(|line| json(line)).collect();
    let earlier = receipts.iter().filter(|receipt| receipt["earlier"] == true && receipt["state"] == "delivered");
    assert_eq!(earlier.count(), 3, "{}", exit.transcript());
    assert_eq!(stage.said().await, ["before 0", "before 1", "before 2", "after"]);
    assert!(stage.waiting().await.is_empty());
}

#[tokio::test]
async fn what_had_arrived_when_its_sender_was_killed_is_not_said_again() {
    let (stage, _server) = Stage::new().await;
    let send = stage.send(&["--json", "--count", "40", "--every", "5ms", "{n}"]).start();
    send.out_until(|lines| lines.iter().find(|line| json(line)["state"] == "delivered").cloned()).await;
    let killed = send.kill().await;
    let told = |state: &str| killed.out.iter().filter(|line| json(line)["state"] == state).count();
    let queued = told("queued");
    stage.send(&["last"]).run().await.assert_code(0);
    let said = stage.said().await;
    let count = said.len() - 1;
    assert!(count >= queued, "{queued} were queued and {count} arrived\n{}", killed.transcript());
    let expected: Vec<String> = (0..count).map(|number| number.to_string()).chain(["last".to_owned()]).collect();
    assert_eq!(said, expected);
}

#[tokio::test]
async fn two_senders_at_once_share_no_file_and_whoever_comes_next_sends_what_both_left() {
    let (stage, server) = Stage::new().await;
    server.process.kill().await;
    let (one, two) = (stage.send(&["--json", "one"]).start(), stage.send(&["--json", "two"]).start());
    queued(&one, 1).await;
    queued(&two, 1).await;
    one.kill().await;
    two.kill().await;
    assert_eq!(stage.journals().len(), 2);

    let _server = stage.back().await;
    let exit = stage.send(&["three"]).run().await;
    exit.assert_code(0);
    let mut said = stage.said().await;
    assert_eq!(said.pop().as_deref(), Some("three"));
    said.sort();
    assert_eq!(said, ["one", "two"]);
    assert!(stage.waiting().await.is_empty());
}

#[tokio::test]
async fn a_torn_write_costs_nothing_that_was_queued() {
    let (stage, server) = Stage::new().await;
    server.process.kill().await;
    kill_once_queued(stage.send(&["--json", "--count", "2", "{n}"]).start(), 2).await;
    let journal = stage.journals().remove(0);
    let whole = fs::read(&journal).expect("it can be read");
    let mut file = fs::OpenOptions::new().append(true).open(&journal).expect("it can be written");
    file.write_all(&whole[whole.len() - 80..whole.len() - 20]).expect("there is room");
    drop(file);

    let _server = stage.back().await;
    stage.send(&["2"]).run().await.assert_code(0);
    assert_eq!(stage.said().await, ["0", "1", "2"]);
}

#[tokio::test]
async fn who_gives_up_or_is_interrupted_hears_what_stays() {
    let (stage, server) = Stage::new().await;
    server.process.kill().await;
    let gave_up = stage.send(&["--timeout", "1s", "hello"]).run().await;
    gave_up.assert_code(5);
    assert!(gave_up.err.iter().any(|line| line.contains("1 message persisted, not delivered yet")));
    assert!(gave_up.err.iter().any(|line| line.contains("don't send the same text again")));
    let stays = "1 message stays in the outbox and is sent when you join or send in this room again";
    assert!(gave_up.err.iter().any(|line| line.contains(stays)), "{}", gave_up.transcript());

    let send = stage.send(&["--json", "again"]).start();
    send.out_line(|line| json(line)["state"] == "queued").await;
    send.signal("INT").await;
    let stopped = send.exit().await;
    stopped.assert_code(5);
    let stay = "2 messages stay in the outbox and are sent when you join or send in this room again";
    assert!(stopped.err.iter().any(|line| line.contains(stay)), "{}", stopped.transcript());
    assert!(stopped.out.iter().any(|line| json(line)["state"] == "kept"), "{}", stopped.transcript());
    assert_eq!(stage.waiting().await, ["hello", "again"]);
}

#[tokio::test]
async fn a_retry_under_the_same_id_says_it_once() {
    let (stage, server) = Stage::new().await;
    server.process.kill().await;
    let send = |args: &[&str]| stage.send(&[&["--id", "kick-off-7", "--timeout", "1s", "--json"], args].concat());
    for _ in 0..2 {
        let exit = send(&["We begin"]).run().await;
        exit.assert_code(5);
        let last = json(exit.out.last().expect("it has a receipt"));
        assert_eq!((&last["id"], &last["state"]), (&"kick-off-7".into(), &"kept".into()), "{}", exit.transcript());
    }
    assert_eq!(stage.waiting().await, ["We begin"]);
    let exit = send(&["Something else"]).run().await;
    assert_eq!(refusal(&exit, 1, "another message has this id"), [""; 0], "{}", exit.transcript());

    let _server = stage.back().await;
    let send = |args: &[&str]| stage.send(&[&["--id", "kick-off-7", "--json"], args].concat());
    // The copy of the earlier run; then the one that the room has.
    for _ in 0..2 {
        let exit = send(&["We begin"]).run().await;
        let last = json(exit.assert_code(0).out.last().expect("it has a receipt"));
        assert_eq!((&last["id"], &last["state"]), (&"kick-off-7".into(), &"delivered".into()), "{}", exit.transcript());
    }
    let exit = send(&["Something else"]).run().await;
    assert!(exit.assert_code(1).err.iter().any(|line| line.contains("another message has this id")));
    assert_eq!(stage.said().await, ["We begin"]);
    assert!(stage.waiting().await.is_empty());
    for wrong in ["..", "a/b", "a b", "Zoë", &"x".repeat(129)] {
        let exit = stage.send(&["--id", wrong, "hello"]).run().await;
        assert_eq!(exit.code, Some(2), "{wrong}: {}", exit.transcript());
    }
}

#[tokio::test]
async fn join_that_gives_up_on_piped_lines_says_that_they_are_persisted() {
    let (stage, server) = Stage::new().await;
    server.process.kill().await;
    let join = chatroom(&stage.home).args(["join", "--timeout", "1s"]).args(&stage.viewer).input("from a pipe\n");
    join.run().await.assert_code(5);
    assert_eq!(stage.waiting().await, ["from a pipe"]);
}

#[tokio::test]
async fn who_joins_next_says_first_what_an_earlier_run_left() {
    let (stage, server) = Stage::new().await;
    server.process.kill().await;
    let mut join = chatroom(&stage.home).arg("join").args(&stage.viewer).open_input().start();
    join.say("from before").await;
    // There is nothing to hear of it until it is delivered: what counts is the file.
    within("the file", async { while stage.waiting().await != ["from before"] {} }).await;
    join.kill().await;
    let _server = stage.back().await;
    let join = chatroom(&stage.home).arg("join").args(&stage.viewer).open_input().start();
    join.err_line(|line| line.contains("1 message of an earlier run is sent first")).await;
    joined(&join).await;
    join.out_line(|line| line.ends_with(": from before")).await;
    join.signal("INT").await;
    join.exit().await.assert_code(0);
    assert_eq!(stage.said().await, ["from before"]);
    assert!(stage.waiting().await.is_empty());
}

#[tokio::test]
async fn what_waits_can_be_given_up() {
    let (stage, server) = Stage::new().await;
    server.process.kill().await;
    kill_once_queued(stage.send(&["--json", "--count", "2", "{n}"]).start(), 2).await;
    let exit = chatroom(&stage.home).args(["outbox", "list"]).run().await;
    assert!(exit.assert_code(0).out[1].ends_with(": 1"), "{}", exit.transcript());
    let asked = chatroom(&stage.home).args(["outbox", "clear"]).run().await;
    assert_eq!(refusal(&asked, 2, "--yes"), [""; 0], "{}", asked.transcript());
    chatroom(&stage.home).args(["outbox", "clear", "--yes"]).run().await.assert_code(0);
    let _server = stage.back().await;
    stage.send(&["only this"]).run().await.assert_code(0);
    assert_eq!(stage.said().await, ["only this"]);
}

#[tokio::test]
async fn without_an_outbox_nothing_is_written_and_nothing_outlives_the_program() {
    let (stage, server) = Stage::new().await;
    let exit = stage.send(&["--json", "--outbox", "none", "hello"]).run().await;
    assert!(exit.assert_code(0).out.iter().all(|line| json(line)["state"] == "delivered"), "{}", exit.transcript());
    server.process.kill().await;
    let exit = stage.send(&["--json", "--timeout", "1s", "--outbox", "none", "hello"]).run().await;
    exit.assert_code(3);
    assert_eq!(json(&exit.out[0])["state"], "unsent", "{}", exit.transcript());
    assert!(exit.err.iter().any(|line| line.starts_with("not sent: message 1 (hello)")), "{}", exit.transcript());
    assert!(!exit.err.iter().any(|line| line.contains("outbox")), "{}", exit.transcript());
    assert!(!stage.home.path().join(".local/state").exists());
    assert!(Path::new(&stage.ready.ca_file).exists(), "the server's files are elsewhere");
}

#[tokio::test]
async fn a_place_that_can_t_be_written_is_told_before_anything_is_sent() {
    let home = Home::new();
    let server = server(&home).await;
    let blocked = home.file("a-file", "no directory");
    for (place, words) in [(blocked.join("below"), "can't be used"), (blocked, "can't be used")] {
        let place = place.display().to_string();
        let exit = chatroom(&home).args(["send", "hello", "--outbox", &place]).args(server.viewer_args()).run().await;
        assert_eq!(refusal(&exit, 1, words), [""; 0], "{}", exit.transcript());
        assert!(exit.err.iter().any(|line| line.contains("--outbox none")), "{}", exit.transcript());
    }
    let said = chatroom(&home).arg("history").args(server.viewer_args()).run().await;
    assert!(said.assert_code(0).out.is_empty());
}
