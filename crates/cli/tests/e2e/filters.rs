//! Words are filtered by dictionaries that are kept from the command line.

use chatroom_testkit::process::{Exit, Home, Program};
use serde_json::{Value, json};

use crate::moderation::{Staff, json_lines, refused};
use crate::support::{chatroom, joined, server};

#[tokio::test]
async fn ten_thousand_words_of_a_file_filter_what_is_said() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let host = room.server.admin_args();
    let viewer = room.server.viewer_args();
    // As an editor on Windows saves it.
    let words: Vec<String> = (0..10_000).map(|number| format!("bad word {number}\r\n\r\n")).collect();
    let file = home.file("words.txt", format!("\u{feff}{}", words.concat())).display().to_string();

    let made = done(filter(&home, &["create", "rude", "--description", "for all"], &host)).await;
    let id = made.out[0].clone();
    let added = done(filter(&home, &["add", "rude", "--file", &file], &host)).await;
    assert!(added.err.concat().contains("added 10,000 words to the dictionary rude"), "{}", added.transcript());
    let again = done(filter(&home, &["add", &id, "bad word 7", "boo"], &host)).await;
    let told = "added 1 word to the dictionary rude, which has the other word already";
    assert!(again.err.concat().contains(told), "{}", again.transcript());
    let list = done(filter(&home, &["list"], &host)).await;
    assert_eq!(list.out, [format!("{id}  10,001 words  rude: for all")]);
    let enabled = done(filter(&home, &["enable", "rude", "--json"], &host)).await;
    assert_eq!(json_lines(&enabled)[0]["enabled"], true);

    let tail = chatroom(&home).args(["tail", "--json"]).args(&host).start();
    joined(&tail).await;
    room.say(&viewer, "BAD word 9999").await;
    room.say(&viewer, "a good word").await;
    let filtered = |text: &'static str| {
        let is_it = move |line: &str| line.contains(text);
        let tail = &tail;
        async move {
            let message: Value = serde_json::from_str(&tail.out_line(is_it).await).expect("each line is JSON");
            message["text_message"]["filtered"].as_bool().unwrap_or_default()
        }
    };
    assert!(filtered("BAD word 9999").await, "it is filtered");
    assert!(!filtered("a good word").await, "it is not");

    let shown = done(filter(&home, &["show", "rude"], &host)).await;
    assert_eq!((shown.out.len(), shown.out[0].as_str(), shown.out[10_000].as_str()), (10_001, "bad word 0", "boo"));
    done(filter(&home, &["remove", "rude", "Boo"], &host)).await;
    let missing = filter(&home, &["remove", "rude", "boo"], &host).run().await;
    refused(&missing, 1, "has no word “boo”");
    let import = filter(&home, &["import", "rude", "--file", "-", "--yes", "--json"], &host).input("only this\n");
    assert_eq!(json_lines(&done(import).await)[0]["pattern_count"], 1);
    let status = done(filter(&home, &["status"], &host)).await;
    assert_eq!(status.out, [format!("in use  {id}  1 word  rude")]);
    done(filter(&home, &["disable", "rude"], &host)).await;
    let status = done(filter(&home, &["status", "--json"], &host)).await;
    assert_eq!(json_lines(&status)[0]["enabled"], false);
    done(filter(&home, &["delete", "rude", "--yes"], &host)).await;
    assert!(done(filter(&home, &["list", "--json"], &host)).await.out.is_empty());
}

#[tokio::test]
async fn a_token_for_dictionaries_is_enough_for_them_and_for_no_room() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let token = room.ask("/dictionaries/tokens", &json!({})).await["token"].as_str().expect("a token").to_owned();
    let file = home.file("dictionaries.token", token).display().to_string();
    let ready = &room.server.ready;
    let ca_file = ready.ca_file.display().to_string();
    let who = ["--api", &ready.tls_api, "--ca-file", &ca_file, "--dictionary-token-file", &file].map(str::to_owned);
    done(filter(&home, &["create", "spam"], &who)).await;
    done(filter(&home, &["add", "spam", "buy now"], &who)).await;
    assert_eq!(done(filter(&home, &["show", "spam"], &who)).await.out, ["buy now"]);
    let of_room = filter(&home, &["enable", "spam"], &who).run().await;
    refused(&of_room, 2, "names no room");
}

#[tokio::test]
async fn words_that_can_t_be_read_are_refused_with_the_reason() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let host = room.server.admin_args();
    done(filter(&home, &["create", "rude"], &host)).await;
    let cases: [(&[u8], i32, &str); 2] =
        [(b"one\ncaf\xe9\n", 1, "line 2 is not UTF-8"), (b"\n \r\n", 2, "there are no words")];
    for (words, code, told) in cases {
        let exit = filter(&home, &["add", "rude", "--file", "-"], &host).input(words).run().await;
        refused(&exit, code, told);
    }
    let long = "x".repeat(5000);
    let exit = filter(&home, &["add", "rude", "fine", &long], &host).run().await;
    refused(&exit, 1, "longer than");
}

#[tokio::test]
async fn a_name_given_twice_is_refused_and_what_is_so_already_is_told() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let host = room.server.admin_args();
    let id = done(filter(&home, &["create", "Rude words"], &host)).await.out[0].clone();
    refused(
        &filter(&home, &["create", "rude  WORDS"], &host).run().await,
        1,
        "there is a dictionary Rude words already",
    );
    let told = async |act: &[&str]| done(filter(&home, act, &host)).await.err.concat();
    assert!(told(&["add", &id[..9], "boo", "boo"]).await.contains("added 1 word to"));
    assert!(
        told(&["add", "rude words", "boo"]).await.contains("added nothing: the dictionary Rude words has this word")
    );
    assert!(told(&["enable", &id[..9]]).await.contains("the room uses now: Rude words"));
    assert!(told(&["enable", "Rude words"]).await.contains("the room uses already: Rude words"));
    assert!(told(&["disable", "Rude words"]).await.contains("the room uses no more: Rude words"));
    assert!(told(&["disable", "Rude words"]).await.contains("already does not use"));
    refused(&filter(&home, &["show", "Rude"], &host).run().await, 1, "there is no dictionary “Rude”");
}

fn filter(home: &Home, act: &[&str], who: &[String]) -> Program {
    chatroom(home).arg("filter").args(act).args(who)
}

async fn done(program: Program) -> Exit {
    let exit = program.run().await;
    exit.assert_code(0);
    exit
}
