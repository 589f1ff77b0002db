//! A poll from the question to the answer, and everybody's vote.

use chatroom_testkit::process::{Exit, Home, Program};
use serde_json::Value;

use crate::moderation::{Staff, json_lines, refused};
use crate::support::{chatroom, server};

#[tokio::test]
async fn a_poll_goes_from_the_queue_to_the_archive() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let host = room.server.admin_args();
    let (ada, ben) = (room.guest("ada", "ROLE_VIEWER").await, room.guest("ben", "ROLE_VIEWER").await);
    let watch = poll(&home, &["watch", "--json"], &ada).start();

    let made = done(poll(&home, &["create", "Which duck?", "417", "twelve", "--correct", "2"], &host)).await;
    let [id] = made.out.as_slice() else { panic!("{}", made.transcript()) };
    let early = poll(&home, &["vote", "417"], &ada).run().await;
    refused(&early, 1, "no poll is active");
    let started = done(poll(&home, &["start"], &host)).await;
    assert!(started.err.concat().contains("takes votes now"), "{}", started.transcript());

    done(poll(&home, &["vote", "1"], &ada)).await;
    done(poll(&home, &["vote", "417"], &ben)).await;
    let vote = done(poll(&home, &["vote", "TWELVE", "--json", "--poll", id], &ben)).await;
    assert_eq!(json_lines(&vote)[0]["poll_id"], id.as_str());
    let both = poll(&home, &["vote", "1", "2"], &ada).run().await;
    refused(&both, 1, "the vote does not count");
    let shown = done(poll(&home, &["show", "--plain"], &ada)).await;
    assert_eq!(shown.out[..2], ["Which duck?".to_owned(), format!("active, one choice, 2 votes, {id}")]);
    assert!(
        shown.out[2].ends_with("50 %  1  tied") && shown.out[3].ends_with("50 %  1  tied"),
        "{}",
        shown.transcript()
    );

    let closed = done(poll(&home, &["close"], &host)).await;
    assert!(closed.out[3].ends_with("tied, right"), "{}", closed.transcript());
    let late = poll(&home, &["vote", "1", "--poll", id], &ada).run().await;
    refused(&late, 1, "the vote does not count");
    done(poll(&home, &["archive"], &host)).await;
    let list = done(poll(&home, &["list"], &ada)).await;
    assert_eq!(list.out, [format!("archived  {id}  2 votes  Which duck?")]);

    watch.out_line(|line| status(line) == "POLL_STATUS_ARCHIVED").await;
    watch.signal("INT").await;
    let steps = watch.exit().await.assert_code(0).out.clone();
    let mut steps: Vec<String> = steps.iter().map(|line| status(line)).collect();
    steps.dedup();
    assert_eq!(steps, ["POLL_STATUS_ACTIVE", "POLL_STATUS_CLOSED", "POLL_STATUS_ARCHIVED"]);
    let deleted = done(poll(&home, &["delete", id, "--yes", "--json"], &host)).await;
    assert_eq!(json_lines(&deleted)[0]["id"], id.as_str());
    assert!(done(poll(&home, &["list", "--json"], &host)).await.out.is_empty());
}

#[tokio::test]
async fn options_are_told_apart_and_named_whole_and_ids_may_be_short() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let host = room.server.admin_args();
    let ada = room.guest("ada", "ROLE_VIEWER").await;
    for twice in [["Tea", "tea "], ["With milk", "with  MILK"]] {
        let exit = poll(&home, &["create", "Which?", twice[0], twice[1]], &host).run().await;
        refused(&exit, 1, "is given twice");
    }
    let id = done(poll(&home, &["create", "Which?", "Tea with milk", "Coffee"], &host)).await.out[0].clone();
    let twice = poll(&home, &["edit", &id[..9], "--option", "a", "--option", "A"], &host).run().await;
    refused(&twice, 1, "is given twice");
    done(poll(&home, &["start", &id[..9]], &host)).await;
    let again = done(poll(&home, &["start", &id], &host)).await;
    assert!(again.err.concat().contains("takes votes already"), "{}", again.transcript());
    refused(&poll(&home, &["vote", "Tea"], &ada).run().await, 1, "is no option of this poll");
    done(poll(&home, &["vote", "tea with milk", "--poll", &id[..9]], &ada)).await;
    let block = ["moderate", "block", "--id", "ada", "--yes"];
    chatroom(&home).args(block).args(&host).run().await.assert_code(0);
    refused(&poll(&home, &["vote", "Coffee"], &ada).run().await, 1, "the vote does not count: you are blocked");
    done(poll(&home, &["close"], &host)).await;
    let again = done(poll(&home, &["close", &id[..9]], &host)).await;
    assert!(again.err.concat().contains("already closed"), "{}", again.transcript());
}

#[tokio::test]
async fn where_several_polls_may_be_meant_they_are_listed() {
    let home = Home::new();
    let room = Staff::of_first_room(&home, server(&home).await);
    let host = room.server.admin_args();
    let tea = done(poll(&home, &["create", "Tea?", "yes", "no"], &host)).await.out.remove(0);
    let cake = done(poll(&home, &["create", "Cake?", "yes", "no"], &host)).await.out.remove(0);
    let unclear = poll(&home, &["start"], &host).run().await;
    refused(&unclear, 1, "several polls may be meant");
    for line in [format!("queued  {tea}  0 votes  Tea?"), format!("queued  {cake}  0 votes  Cake?")] {
        assert!(unclear.err.contains(&line), "{}", unclear.transcript());
    }
    done(poll(&home, &["start", &cake], &host)).await;
    let second = poll(&home, &["start", &tea], &host).run().await;
    refused(&second, 1, "the poll can't be started");
    let edited = done(poll(&home, &["edit", &tea, "--question", "Coffee?", "--multi", "--json"], &host)).await;
    let edited = &json_lines(&edited)[0];
    assert_eq!(edited["multi_choice"]["question"], "Coffee?");
    assert_eq!(
        (&edited["type"], &edited["multi_choice"]["options"][1]["text"]),
        (&"POLL_TYPE_MULTI_CHOICE".into(), &"no".into())
    );
}

fn poll(home: &Home, act: &[&str], who: &[String]) -> Program {
    chatroom(home).arg("poll").args(act).args(who)
}

async fn done(program: Program) -> Exit {
    let exit = program.run().await;
    exit.assert_code(0);
    exit
}

/// The state of the poll on a line.
fn status(line: &str) -> String {
    let poll: Value = serde_json::from_str(line).expect("each line is JSON");
    poll["status"].as_str().expect("a poll has a status").to_owned()
}
