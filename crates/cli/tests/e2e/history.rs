//! All that was said in a room, from both ends, in every format, and what becomes of it when it is interrupted.

mod interrupted;
#[cfg(target_os = "linux")]
mod targets;

use std::collections::BTreeSet;

use chatroom_testkit::process::{Exit, Home, Program};
use chatroom_testkit::serve::{ANY_PORTS, Server};
use serde_json::Value;

use crate::support::{CHATROOM, chatroom, refusal, texts};

const MESSAGES: usize = 1_000;

/// A room in which somebody counted.
struct Counted {
    server: Server,
    home: Home,
}

impl Counted {
    async fn to(number: usize) -> Self {
        let home = Home::new();
        let fast = ["--ephemeral", "--set", "rate.viewer=100000"];
        let server = Server::start(CHATROOM, &home, ANY_PORTS.iter().chain(&fast)).await;
        let count = number.to_string();
        let send = chatroom(&home).args(["send", "--count", &count, "=number {n}, \"quoted\" <b>"]);
        send.args(server.viewer_args()).run().await.assert_code(0);
        Self { server, home }
    }

    fn history(&self, args: &[&str]) -> Program {
        chatroom(&self.home).arg("history").args(args).args(self.server.viewer_args())
    }

    async fn read(&self, args: &[&str]) -> Vec<String> {
        let exit = self.history(args).run().await;
        exit.assert_code(0);
        exit.out
    }

    /// Exports and gives back the file.
    async fn export(&self, name: &str, args: &[&str]) -> String {
        let path = self.home.path().join(name);
        let exit = self.history(&["--export", &path.display().to_string()]).args(args).run().await;
        exit.assert_code(0);
        assert!(exit.out.is_empty(), "{}", exit.transcript());
        assert!(exit.err.concat().contains("messages in "), "{}", exit.transcript());
        let part = path.with_file_name(format!("{name}.part"));
        assert!(!part.exists(), "the export has its name");
        std::fs::read_to_string(path).expect("the export is text")
    }
}

#[tokio::test]
async fn the_same_messages_come_from_both_ends_and_in_every_format() {
    let room = Counted::to(MESSAGES).await;
    let numbers: Vec<String> = (0..MESSAGES).map(|number| format!("=number {number}, \"quoted\" <b>")).collect();
    assert_eq!(texts(&room.read(&[]).await), numbers);
    assert_eq!(texts(&room.export("a.txt", &[]).await.lines().map(str::to_owned).collect::<Vec<_>>()), numbers);

    let forwards = ids(&room.read(&["--json", "--types", "text"]).await);
    let mut backwards = ids(&room.read(&["--json", "--types", "text", "--newest-first"]).await);
    backwards.reverse();
    assert_eq!(forwards, backwards);
    assert_eq!(forwards.iter().collect::<BTreeSet<_>>().len(), MESSAGES);

    let array: Vec<Value> = serde_json::from_str(&room.export("a.json", &["--types", "text"]).await).unwrap();
    assert_eq!(array.iter().map(id).collect::<Vec<_>>(), forwards);
    let lines = room.export("a.jsonl", &["--types", "text"]).await;
    assert_eq!(ids(&lines.lines().map(str::to_owned).collect::<Vec<_>>()), forwards);
    let csv = room.export("a.csv", &["--types", "text"]).await;
    let csv = csv.strip_prefix('\u{feff}').expect("spreadsheets want a byte order mark");
    let rows: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(rows[0], "received_at,id,user_id,name,admin,type,text,filtered,blocked");
    assert_eq!(rows.len(), MESSAGES + 2, "a head, the rows, and the end of the last one");
    assert!(rows[1].ends_with(",false,text,\"'=number 0, \"\"quoted\"\" <b>\",false,false"), "{}", rows[1]);
    let named: Vec<&str> = rows[1..=MESSAGES].iter().filter_map(|row| row.split(',').nth(1)).collect();
    assert_eq!(named, forwards);
    let page = room.export("a.page", &["--format", "html"]).await;
    assert_eq!(page.matches("=number ").count(), MESSAGES);
    assert!(page.contains("&quot;quoted&quot; &lt;b&gt;") && page.contains("<footer>1,0"), "{page}");
}

#[tokio::test]
async fn a_part_of_the_history_is_chosen_by_number_and_by_time() {
    let room = Counted::to(250).await;
    let all: Vec<Value> = room
        .read(&["--json", "--types", "text"])
        .await
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let numbers = |lines: &[String]| -> Vec<usize> {
        texts(lines).iter().map(|text| text.split([' ', ',']).nth(1).unwrap().parse().unwrap()).collect()
    };
    let last = numbers(&room.read(&["--last", "120"]).await);
    assert_eq!(last, (130..250).collect::<Vec<_>>());
    let last = numbers(&room.read(&["--last", "3", "--newest-first"]).await);
    assert_eq!(last, [249, 248, 247]);
    assert_eq!(numbers(&room.read(&["--last", "100000"]).await).len(), 250);
    let at = |number: usize| all[number]["received_at"].as_str().unwrap();
    let between = numbers(&room.read(&["--after", at(10), "--before", at(200)]).await);
    assert_eq!(between, (11..200).collect::<Vec<_>>(), "the bounds are not among them");
    assert_eq!(numbers(&room.read(&["--after", "-1h"]).await).len(), 250);
    assert!(room.read(&["--before", "-1h"]).await.is_empty());
    assert!(room.read(&["--types", "sticker,mute", "--json"]).await.is_empty());
    // Nothing is an export too.
    let none = room.home.path().join("none.json");
    let exit = room.history(&["--before", "yesterday", "--export", &none.display().to_string()]).run().await;
    exit.assert_code(0);
    assert_eq!(std::fs::read_to_string(none).unwrap(), "[\n]\n");
}

#[tokio::test]
async fn a_reader_who_has_seen_enough_is_no_failure() {
    let room = Counted::to(300).await;
    let args: Vec<String> = room.server.viewer_args().iter().map(|arg| format!("'{arg}'")).collect();
    let script = format!("{{ {CHATROOM} history --json {}; echo \"code $?\" >&2; }} | head -n 1", args.join(" "));
    let exit = Program::new("sh", &room.home).args(["-c", &script]).run().await;
    exit.assert_code(0);
    assert_eq!(exit.out.len(), 1, "{}", exit.transcript());
    assert_eq!(exit.err, ["code 0"], "{}", exit.transcript());
}

#[tokio::test]
async fn what_can_t_be_read_or_written_is_refused_with_the_reason() {
    let room = Counted::to(1).await;
    let there = room.home.file("there.csv", "mine").display().to_string();
    for (args, code, words) in [
        (&["--export", "history"][..], 2, "--format"),
        (&["--after", "-1h", "--before", "-2h"], 2, "--before"),
        (&["--export", &there], 1, "--force"),
        (&["--export", "no/such/folder/a.csv"], 1, "can't be written"),
        (&["--api", "http://127.0.0.1:1"], 3, "can't be reached"),
    ] {
        // The last of two options counts for nothing: so only what is not there yet is added.
        let mut given = room.server.viewer_args();
        if args[0] == "--api" {
            given.drain(..2);
        }
        let exit = chatroom(&room.home).arg("history").args(args).args(given).run().await;
        assert_eq!(refusal(&exit, code, words), Vec::<String>::new(), "{args:?}\n{}", exit.transcript());
    }
    assert_eq!(std::fs::read_to_string(&there).unwrap(), "mine");
    room.history(&["--export", &there, "--force"]).run().await.assert_code(0);
    for args in [
        &["--after", "soon"][..],
        &["--before", "2026-13-01"],
        &["--last", "0"],
        &["--types", "talk"],
        &["--format", "pdf"],
        &["--oldest-first", "--newest-first"],
    ] {
        let exit: Exit = room.history(args).run().await;
        exit.assert_code(2);
        assert!(exit.out.is_empty(), "{}", exit.transcript());
    }
}

fn ids(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| id(&serde_json::from_str(line).expect("each line is JSON"))).collect()
}

fn id(message: &Value) -> String {
    message["id"].as_str().expect("each message has an id").to_owned()
}
