//! A room is kept in order from the command line.

use chatroom_testkit::process::{Exit, Home};
use chatroom_testkit::rest::Rest;
use chatroom_testkit::serve::Server;
use serde_json::{Value, json};

use crate::support::{chatroom, joined, refusal, server};

#[tokio::test]
async fn a_troll_is_blocked_by_a_message_and_what_they_wrote_is_deleted() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let troll = room.guest("troll", "ROLE_VIEWER").await;
    let ada = room.guest("ada", "ROLE_VIEWER").await;
    let audience = chatroom(&home).args(["tail", "--json"]).args(&ada).start();
    joined(&audience).await;
    let first = room.say(&troll, "first spam").await;
    let second = room.say(&troll, "second spam").await;
    let good = room.say(&ada, "a good question").await;

    let blocked = room.act(["block", "--message", second.as_str(), "--yes", "--json"]).await;
    assert_eq!(json_lines(&blocked)[0]["id"], "troll", "{}", blocked.transcript());
    assert!(blocked.err.concat().contains("blocked troll's name (troll)"), "{}", blocked.transcript());
    // For the troll all is as before.
    room.say(&troll, "third spam").await;
    room.say(&ada, "is it quiet now?").await;
    audience.out_line(|line| line.contains("is it quiet now?")).await;
    assert!(!audience.out().concat().contains("third spam"), "{:?}", audience.out());

    let pinned = room.act(["pin", good.as_str()]).await;
    assert!(pinned.err.concat().contains("pinned: a good question"), "{}", pinned.transcript());
    let list = room.act(["list"]).await.out.join("\n");
    for part in ["open: everybody can write", "troll's name  (by Admin)", "@ada's name  a good question (by Admin)"] {
        assert!(list.contains(part), "no {part:?} in\n{list}");
    }
    let state: Value = json_lines(&room.act(["list", "--json"]).await)[0].clone();
    assert_eq!(state["blocked_users"][0]["id"], "troll");
    assert_eq!(state["pinned_messages"][0]["message"]["id"], good.as_str());

    let deleted = room.act(["delete", first.as_str(), "--yes", "--json"]).await;
    assert_eq!(json_lines(&deleted), [json!({"id": first})]);
    let deleted = room.act(["delete", "--user", "troll", "--since", "10m", "--yes"]).await;
    assert!(deleted.err.concat().contains("of troll for everybody"), "{}", deleted.transcript());
    let late = chatroom(&home).args(["tail", "--history", "100", "--count", "2"]).args(&ada).run().await;
    let texts = crate::support::texts(&late.assert_code(0).out);
    assert_eq!(texts, ["a good question", "is it quiet now?"]);

    room.act(["unblock", "--user", "troll"]).await;
    room.act(["unpin", good.as_str()]).await;
    let list = room.act(["list"]).await.out;
    assert_eq!(list[2..], ["blocked: 0", "pinned: 0"]);
    room.say(&troll, "sorry").await;
    audience.out_line(|line| line.contains("sorry")).await;
}

#[tokio::test]
async fn only_the_last_messages_of_one_person_are_deleted() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let (ada, ben) = (room.guest("ada", "ROLE_VIEWER").await, room.guest("ben", "ROLE_VIEWER").await);
    for text in ["one", "two", "three"] {
        room.say(&ada, text).await;
        room.say(&ben, &format!("{text} of ben")).await;
    }
    let deleted = room.act(["delete", "--user", "ada", "--last", "2", "--yes", "--json"]).await;
    assert_eq!(json_lines(&deleted).len(), 2);
    assert!(deleted.err.concat().contains("deleted 2 messages of ada"), "{}", deleted.transcript());
    let left = chatroom(&home).args(["tail", "--history", "100", "--count", "4"]).args(&ben).run().await;
    let texts = crate::support::texts(&left.assert_code(0).out);
    assert_eq!(texts, ["one", "one of ben", "two of ben", "three of ben"]);
    let none = room.act(["delete", "--id", "nobody-of-this-id", "--yes"]).await;
    assert!(none.err.concat().contains("already nothing to delete"), "{}", none.transcript());
    let nobody = ["moderate", "delete", "--user", "nobody-of-this-name", "--yes"];
    refused(&chatroom(&home).args(nobody).args(room.server.admin_args()).run().await, 1, "nobody here has the name");
}

#[tokio::test]
async fn a_muted_room_is_told_and_opened_again() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let ada = room.guest("ada", "ROLE_VIEWER").await;
    let muted = room.act(["mute", "--yes", "--json"]).await;
    assert_eq!(json_lines(&muted)[0]["muted"], true);
    refused(&chatroom(&home).args(["send", "let me in"]).args(&ada).run().await, 1, "the room is muted");
    room.act(["unmute"]).await;
    room.say(&ada, "thank you").await;
    room.act(["viewer-info", "on"]).await;
    room.act(["rename", "The Host"]).await;
    let host = room.server.admin_args();
    let said = room.say(&host, "hello").await;
    let last = chatroom(&home).args(["tail", "--history", "1", "--count", "1"]).args(&host).run().await;
    assert!(last.out[0].contains("] @The Host: hello"), "{said}: {}", last.transcript());
}

#[tokio::test]
async fn acts_carry_the_name_that_a_moderator_took_or_gives() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let ada = room.guest("ada", "ROLE_VIEWER").await;
    let message = room.say(&ada, "a good question").await;
    let audience = chatroom(&home).args(["tail", "--json"]).args(&ada).start();
    joined(&audience).await;
    let kind = |line: &str| serde_json::from_str::<Value>(line).unwrap_or_default()["type"].clone();
    let by = async |wanted: &str| {
        let line = audience.out_line(|line| kind(line) == format!("INTERACTION_TYPE_{wanted}")).await;
        let act: Value = serde_json::from_str(&line).expect("it is JSON");
        act["user"]["custom_name"].as_str().expect("an act has an actor").to_owned()
    };

    room.act(["rename", "The Host"]).await;
    room.act(["pin", &message]).await;
    assert_eq!(by("PIN_MESSAGE").await, "The Host");
    room.act(["block", "--user", "troll", "--id", "--yes"]).await;
    assert_eq!(by("BLOCK_USER").await, "The Host");
    let list = room.act(["list"]).await.out.join("\n");
    assert_eq!(list.matches("(by The Host)").count(), 2, "{list}");
    room.act(["viewer-info", "on"]).await;
    assert_eq!(by("VIEWER_INFO_ENABLED").await, "The Host");
    let host = room.server.admin_args();
    for poll in [&["create", "Tea?", "yes", "no"][..], &["start"]] {
        chatroom(&home).arg("poll").args(poll).args(&host).run().await.assert_code(0);
    }
    assert_eq!(by("POLL_STARTED").await, "The Host");

    room.act(["mute", "--yes", "--name", "Night shift"]).await;
    assert_eq!(by("MUTE").await, "Night shift");
    room.act(["unmute"]).await;
    assert_eq!(by("UNMUTE").await, "The Host");
    room.act(["delete", &message, "--yes"]).await;
    assert_eq!(by("DELETE_MESSAGE").await, "The Host");
}

#[tokio::test]
async fn only_what_can_not_be_undone_is_said_to_be_so() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let (host, ada) = (room.server.admin_args(), room.guest("ada", "ROLE_VIEWER").await);
    let message = room.say(&ada, "hello").await;
    for (args, forever) in [
        (&["mute"][..], false),
        (&["block", "--user", "ada"], false),
        (&["delete", &message], true),
        (&["delete", "--user", "ada", "--last", "1"], true),
    ] {
        let exit = chatroom(&home).arg("moderate").args(args).args(&host).run().await;
        refused(&exit, 2, "confirmation needed");
        assert_eq!(exit.err.concat().contains("can't be undone"), forever, "{}", exit.transcript());
    }
}

#[tokio::test]
async fn a_command_that_changes_nothing_says_so() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let (host, ada) = (room.server.admin_args(), room.guest("ada", "ROLE_VIEWER").await);
    let message = room.say(&ada, "hello").await;
    let act = async |args: &[&str]| chatroom(&home).arg("moderate").args(args).args(&host).run().await;
    for (args, told) in [
        (&["unmute"][..], "already open"),
        (&["mute", "--yes"], "the room is muted"),
        (&["mute"], "already muted"),
        (&["unmute"], "open again"),
        (&["pin", &message], "pinned: hello"),
        (&["pin", &message], "already pinned: hello"),
        (&["unpin", &message], "unpinned: hello"),
        (&["viewer-info", "on"], "sees now how many"),
        (&["viewer-info", "on"], "sees already how many"),
        (&["block", "--user", "ada's name", "--yes"], "blocked ada's name (ada)"),
        (&["block", "--user", "ADA'S NAME"], "ada's name (ada) is already blocked"),
        (&["unblock", "--user", "ad"], "unblocked ada's name (ada)"),
    ] {
        let exit = act(args).await;
        assert!(exit.assert_code(0).err.concat().contains(told), "{}", exit.transcript());
    }
    for (args, told) in [
        (&["unpin", message.as_str()][..], "is not pinned: nothing was done"),
        (&["unpin", "nowhere"], "is not pinned: nothing was done"),
        (&["unblock", "--user", "ada"], "ada's name (ada) is not blocked: nothing was done"),
        (&["unblock", "--user", "nobody"], "nobody here has the name or the id"),
        (&["unblock", "--user", "nobody", "--id"], "nobody is not blocked: nothing was done"),
        (&["block", "--user", "nobody", "--yes"], "nobody here has the name or the id"),
        (&["block", "--user", "ada's", "--yes"], "nobody here has the name or the id"),
    ] {
        refused(&act(args).await, 1, told);
    }
    let list = room.act(["list"]).await.out;
    assert_eq!(list[2..], ["blocked: 0", "pinned: 0"]);
    act(&["block", "--user", "not here yet", "--id", "--yes"]).await.assert_code(0);
    assert_eq!(room.act(["list"]).await.out[2], "blocked: 1");
}

#[tokio::test]
async fn whoever_is_no_admin_moderates_nothing() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let viewer = room.server.viewer_args();
    let message = room.say(&viewer, "hello").await;
    let acts: [&[&str]; 10] = [
        &["moderate", "mute", "--yes"],
        &["moderate", "block", "--user", "admin", "--yes"],
        &["moderate", "pin", &message],
        &["moderate", "delete", &message, "--yes"],
        &["moderate", "viewer-info", "on"],
        &["filter", "list"],
        &["filter", "create", "rude"],
        &["filter", "status"],
        &["poll", "create", "Tea?", "yes", "no"],
        &["sticker", "disable", "live"],
    ];
    for act in acts {
        let exit = chatroom(&home).args(act).args(&viewer).run().await;
        refused(&exit, 4, "role admin");
    }
}

#[tokio::test]
async fn ids_of_nowhere_are_refused_in_the_service_s_words() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let acts: [(&[&str], &str); 7] = [
        (&["moderate", "pin", "nowhere"], "there is no such message"),
        (&["moderate", "delete", "nowhere", "--yes"], "there is no such message"),
        (&["moderate", "block", "--message", "nowhere", "--yes"], "not among the newest 1,000"),
        (&["poll", "show", "nowhere"], "there is no such poll"),
        (&["poll", "start", "nowhere"], "there is no such poll"),
        (&["filter", "show", "nowhere"], "there is no dictionary"),
        (&["sticker", "show", "nowhere"], "there is no such pack"),
    ];
    for (act, words) in acts {
        let exit = chatroom(&home).args(act).args(room.server.admin_args()).run().await;
        refused(&exit, 1, words);
    }
}

#[tokio::test]
async fn what_hurts_is_not_done_unasked() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let message = room.say(&room.server.viewer_args(), "hello").await;
    let acts: [&[&str]; 4] =
        [&["mute"], &["block", "--user", "viewer"], &["delete", &message], &["delete", "--user", "viewer"]];
    for act in acts {
        let exit = chatroom(&home).arg("moderate").args(act).args(room.server.admin_args()).run().await;
        refused(&exit, 2, "--yes");
    }
    let list = room.act(["list"]).await.out;
    assert_eq!([&list[0], &list[2]], ["open: everybody can write", "blocked: 0"]);
}

#[tokio::test]
async fn a_sticker_is_sent_while_the_room_uses_its_pack() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let (host, ada) = (room.server.admin_args(), room.guest("ada", "ROLE_VIEWER").await);
    let sticker = async |act: &[&str], who: &[String]| chatroom(&home).arg("sticker").args(act).args(who).run().await;
    let packs = sticker(&["packs", "--json"], &ada).await;
    let pack = json_lines(packs.assert_code(0))[0]["id"].as_str().expect("a pack has an id").to_owned();
    let shown = sticker(&["show", &pack, "--json"], &ada).await;
    let first = json_lines(shown.assert_code(0))[0]["id"].as_str().expect("a sticker has an id").to_owned();
    let tail = chatroom(&home).args(["tail", "--json"]).args(&host).start();
    joined(&tail).await;
    sticker(&["send", &pack, &first], &ada).await.assert_code(0);
    tail.out_line(|line| line.contains("INTERACTION_TYPE_STICKER") && line.contains(&first)).await;
    refused(&sticker(&["send", &pack, "nowhere"], &ada).await, 1, "the sticker was not delivered");
    let off = sticker(&["disable", &pack, "--json"], &host).await;
    assert_eq!(json_lines(off.assert_code(0))[0]["enabled"], false);
    assert!(sticker(&["packs"], &ada).await.assert_code(0).out.is_empty());
    refused(&sticker(&["send", &pack, &first], &ada).await, 1, "the sticker was not delivered");
    sticker(&["enable", &pack], &host).await.assert_code(0);
    sticker(&["send", &pack, &first], &ada).await.assert_code(0);
}

#[tokio::test]
async fn where_nothing_listens_it_is_the_network_that_failed() {
    let home = Home::new();
    let token = home.file("good.token", chatroom_testkit::token::good()).display().to_string();
    // A port of this machine that nobody has any more.
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|gone| gone.local_addr()).expect("a free port").port();
    let api = format!("http://127.0.0.1:{port}");
    let commands: [&[&str]; 6] = [
        &["moderate", "list"],
        &["filter", "status"],
        &["poll", "list"],
        &["sticker", "packs"],
        &["counter", "list"],
        &["counter", "press", "like", "--timeout", "1s"],
    ];
    for command in commands {
        let exit = chatroom(&home).args(command).args(["--api", &api, "--token-file", &token]).run().await;
        refused(&exit, 3, "can't be reached");
    }
}

/// A room, its server, and what its organisation may do.
pub(crate) struct Staff<'a> {
    pub(crate) home: &'a Home,
    pub(crate) server: Server,
    pub(crate) room: String,
    org: Rest,
}

impl<'a> Staff<'a> {
    /// The room that the server made.
    pub(crate) fn of_first_room(home: &'a Home, server: Server) -> Self {
        let room = server.ready.room_id.clone();
        let org = server.rest(&server.ready.org_token_file);
        Self { home, server, room, org }
    }

    /// A room with counters.
    pub(crate) async fn of_room_with_counters(home: &'a Home, server: Server, keys: &[&str]) -> Self {
        let staff = Self::of_first_room(home, server);
        let counters: Vec<Value> = keys.iter().map(|key| json!({"key": key})).collect();
        let made = staff.ask("/chatrooms", &json!({"custom_counters": counters})).await;
        let room = made["chatroom"]["id"].as_str().expect("a room has an id").to_owned();
        Self { room, ..staff }
    }

    /// The arguments by which somebody with a token of their own finds the room.
    pub(crate) async fn guest(&self, subject: &str, role: &str) -> Vec<String> {
        let wanted = json!({"role": role, "subject": subject, "name": format!("{subject}'s name")});
        let answer = self.ask(&format!("/chatrooms/{}/tokens", self.room), &wanted).await;
        let token = answer["token"].as_str().expect("a token was made");
        let file = self.home.file(&format!("{subject}.token"), token);
        let path = |path: &std::path::Path| path.display().to_string();
        let ready = &self.server.ready;
        ["--api", &ready.tls_api, "--token-file", &path(&file), "--ca-file", &path(&ready.ca_file)]
            .map(ToOwned::to_owned)
            .to_vec()
    }

    /// What the organisation is answered.
    pub(crate) async fn ask(&self, path: &str, body: &Value) -> Value {
        let answer = self.org.post(&format!("/bv/chatroom/v1{path}"), body).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        answer.body
    }

    /// Says something, and answers its id.
    pub(crate) async fn say(&self, who: &[String], text: &str) -> String {
        let exit = chatroom(self.home).args(["send", "--json", text]).args(who).run().await;
        exit.assert_code(0);
        json_lines(&exit)[0]["id"].as_str().expect("a message has an id").to_owned()
    }

    /// An act of the first room's moderator, which succeeds.
    async fn act<const N: usize>(&self, args: [&str; N]) -> Exit {
        let exit = chatroom(self.home).arg("moderate").args(args).args(self.server.admin_args()).run().await;
        exit.assert_code(0);
        exit
    }
}

/// The objects on stdout.
#[track_caller]
pub(crate) fn json_lines(exit: &Exit) -> Vec<Value> {
    let read = |line: &String| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}"));
    exit.out.iter().map(read).collect()
}

/// Checks that a command was refused, with this exit code and these words.
#[track_caller]
pub(crate) fn refused(exit: &Exit, code: i32, words: &str) {
    let wrong = refusal(exit, code, words);
    assert!(wrong.is_empty(), "{wrong:?}\n{}", exit.transcript());
}

/// A service whose history lists a message that no path can name.
async fn service_with_an_id_of_dots() -> std::net::SocketAddr {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let mut lines = Vec::new();
            let mut line = String::new();
            while stream.read_line(&mut line).await.is_ok_and(|read| read > 2) {
                lines.push(std::mem::take(&mut line));
            }
            let path = lines.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
            let (status, body) = if path.contains("/chatrooms/messages") && !path.contains("DELETE_MESSAGE") {
                let message = r#"{"id":"..","type":"INTERACTION_TYPE_TEXT","user":{"id":"troll","custom_name":"Troll"},
                    "text_message":{"text":"catch me"},"received_at":"2026-01-01T00:00:00.000Z"}"#;
                ("200 OK", format!(r#"{{"messages":[{message}]}}"#))
            } else if path.ends_with("/chatrooms") {
                ("200 OK", r#"{"chatroom":{"id":"r"}}"#.to_owned())
            } else {
                ("404 Not Found", r#"{"code":5,"message":"there is nothing here"}"#.to_owned())
            };
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            drop(stream.write_all(answer.as_bytes()).await);
        }
    });
    address
}

#[tokio::test]
async fn deleting_fails_while_the_message_is_still_listed() {
    let home = Home::new();
    let address = service_with_an_id_of_dots().await;
    let token = home.file("token", chatroom_testkit::token::good());
    let delete = chatroom(&home).args(["moderate", "delete", "--user", "troll", "--yes", "--token-file"]).arg(token);
    let exit = delete.args(["--api", &format!("http://{address}")]).run().await;
    exit.assert_code(1);
    let told = exit.err.join("\n");
    assert!(told.contains("can't be deleted") && !told.contains("deleted 1"), "{}", exit.transcript());
}
