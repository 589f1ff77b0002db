//! What happens in a room besides texts, as a moderator and a newcomer see it.

use chatroom_testkit::process::Home;

use crate::moderation::{Staff, json_lines, refused};
use crate::support::{chatroom, joined, server};

#[tokio::test]
async fn tail_shows_what_history_shows_and_keeps_texts_apart() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let (host, ada) = (room.server.admin_args(), room.guest("ada", "ROLE_VIEWER").await);
    let tail = chatroom(&home).arg("tail").args(&ada).start();
    let chosen = chatroom(&home).args(["tail", "--types", "sticker,mute", "--count", "2"]).args(&ada).start();
    joined(&tail).await;
    joined(&chosen).await;
    let act = async |args: &[&str]| {
        chatroom(&home).args(args).args(&host).run().await.assert_code(0);
    };
    let spam = room.say(&ada, "spam").await;
    act(&["moderate", "pin", &spam]).await;
    act(&["sticker", "send", "live", "clap"]).await;
    act(&["poll", "create", "Tea?", "Yes", "No"]).await;
    act(&["poll", "start"]).await;
    act(&["poll", "close"]).await;
    act(&["moderate", "block", "--user", "ada's name", "--yes"]).await;
    act(&["moderate", "delete", &spam, "--yes"]).await;
    act(&["moderate", "mute", "--yes"]).await;
    for told in [
        "] message pinned by @Admin: @ada's name: spam",
        "] sticker from @Admin: ",
        "] poll started by @Admin: Tea? | 1. Yes | 2. No",
        "] poll closed by @Admin: Tea? | 1. Yes (0) | 2. No (0)",
        "] message deleted by @Admin: ",
        "] user blocked by @Admin: @ada's name",
        "] room muted by @Admin: only admins can write",
    ] {
        let line = tail.err_line(|line| line.contains(told)).await;
        assert!(line.starts_with("--- [20"), "{line}");
    }
    assert_eq!(tail.out().len(), 1, "{:?}", tail.out());
    let chosen = chosen.exit().await;
    let lines = &chosen.assert_code(0).out;
    assert!(lines[0].contains("] sticker from @Admin: ") && lines[1].contains("] room muted by @Admin"), "{lines:?}");
    let history = ["history", "--types", "sticker,mute"];
    let read = chatroom(&home).args(history).args(&host).run().await;
    assert_eq!(&read.out, lines, "the history has the same lines");
}

#[tokio::test]
async fn a_newcomer_meets_what_people_said_and_no_empty_pin() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let (host, ada) = (room.server.admin_args(), room.guest("ada", "ROLE_VIEWER").await);
    let act = async |args: &[&str]| {
        chatroom(&home).arg("moderate").args(args).args(&host).run().await.assert_code(0);
    };
    room.say(&ada, "hello").await;
    let spam = room.say(&ada, "spam").await;
    act(&["pin", &spam]).await;
    act(&["delete", &spam, "--yes"]).await;
    for _ in 0..3 {
        act(&["viewer-info", "on"]).await;
        act(&["viewer-info", "off"]).await;
    }
    let late = chatroom(&home).args(["tail", "--history", "1", "--count", "1"]).args(&ada).run().await;
    assert!(late.assert_code(0).out[0].ends_with("] @ada's name: hello"), "{}", late.transcript());
    assert!(!late.err.concat().contains("pinned by"), "{}", late.transcript());
    let list = chatroom(&home).args(["moderate", "list"]).args(&host).run().await;
    assert_eq!(list.assert_code(0).out.last().map(String::as_str), Some("pinned: 0"));
}

#[tokio::test]
async fn marks_of_names_are_the_same_live_and_later_whoever_wrote_first() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let fake = room.guest("fake", "ROLE_VIEWER").await;
    // The admin's token is there, and its bearer is not.
    let _hanna = room.guest("hanna", "ROLE_ADMIN").await;
    let ann = room.guest("ann", "ROLE_VIEWER").await;
    let tail = chatroom(&home).args(["tail", "--count", "3"]).args(&ann).start();
    let own = chatroom(&home).args(["tail", "--count", "3"]).args(&fake).start();
    joined(&tail).await;
    joined(&own).await;
    let say = async |who: &[String], name: &str| {
        chatroom(&home).args(["send", "hi", "--name", name]).args(who).run().await.assert_code(0);
    };
    say(&fake, "Hanna's Name").await;
    say(&ann, "Ann").await;
    let rename = ["moderate", "rename", "ann"];
    chatroom(&home).args(rename).args(&fake).run().await.assert_code(0);
    chatroom(&home).args(["send", "hi"]).args(&fake).run().await.assert_code(0);
    let live = tail.exit().await;
    let wanted = ["(not the admin) @Hanna's Name: hi", "@Ann: hi", "(name taken) @ann: hi"];
    let after_time = |lines: &[String]| -> Vec<String> {
        lines.iter().filter_map(|line| Some(line.split_once("] ")?.1.to_owned())).collect()
    };
    assert_eq!(after_time(&live.assert_code(0).out), wanted);
    assert_eq!(after_time(&own.exit().await.assert_code(0).out), wanted, "whoever reads");
    let orders: [&[&str]; 3] = [&["history"], &["history", "--last", "3"], &["history", "--newest-first"]];
    for order in orders {
        let read = chatroom(&home).args(order).args(&ann).run().await;
        let mut lines = after_time(&read.assert_code(0).out);
        if order.contains(&"--newest-first") {
            lines.reverse();
        }
        assert_eq!(lines, wanted, "{order:?}");
    }
    let file = home.path().join("export.html");
    let export = ["history", "--export", file.to_str().expect("it is UTF-8")];
    chatroom(&home).args(export).args(&ann).run().await.assert_code(0);
    let page = std::fs::read_to_string(file).expect("it was written");
    assert!(page.contains("<i>not the admin</i>") && page.contains("<i>name taken</i>"), "{page}");
}

#[tokio::test]
async fn ids_that_are_shown_and_their_beginnings_are_taken_by_moderate() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let host = room.server.admin_args();
    let eve = room.guest("0197-eve", "ROLE_VIEWER").await;
    let other = room.guest("0197-other", "ROLE_VIEWER").await;
    let spam = room.say(&eve, "spam").await;
    room.say(&other, "hello").await;
    let read = chatroom(&home).args(["history", "--ids"]).args(&host).run().await;
    let line = &read.assert_code(0).out[0];
    assert!(line.contains(&format!("] id={spam} user=0197-eve @0197-eve's name: spam")), "{line}");
    let followed = chatroom(&home).args(["tail", "--ids", "--history", "2", "--count", "2"]).args(&host).run().await;
    assert_eq!(followed.assert_code(0).out, read.out);
    let act = async |args: &[&str]| chatroom(&home).arg("moderate").args(args).args(&host).run().await;
    let several = act(&["block", "--user", "0197", "--yes"]).await;
    refused(&several, 1, "may mean several people");
    for told in ["0197-eve", "@0197-other's name", "device "] {
        assert!(several.err.concat().contains(told), "{}", several.transcript());
    }
    act(&["pin", &spam[..spam.len() - 1]]).await.assert_code(0);
    let blocked = act(&["block", "--user", "0197-e", "--yes", "--json"]).await;
    assert_eq!(json_lines(blocked.assert_code(0))[0]["id"], "0197-eve");
    act(&["unpin", &spam[..20]]).await.assert_code(0);
    act(&["delete", &spam[..spam.len() - 1], "--yes"]).await.assert_code(0);
    let again = act(&["delete", &spam, "--yes"]).await;
    assert!(again.assert_code(0).err.concat().contains("already deleted"), "{}", again.transcript());
}
