//! What a room counts, pressed and watched from the command line.

use chatroom_testkit::process::Home;

use crate::moderation::{Staff, json_lines, refused};
use crate::support::{chatroom, server};

#[tokio::test]
async fn a_thousand_presses_count_a_thousand_and_once() {
    let home = Home::new();
    let room = Staff::of_room_with_counters(&home, server(&home).await, &["like", "boo"]).await;
    let (ada, ben) = (room.guest("ada", "ROLE_VIEWER").await, room.guest("ben", "ROLE_VIEWER").await);
    let watch = chatroom(&home).args(["counter", "watch", "like"]).args(&ben).start();
    watch.out_line(|line| line == "like  0").await;

    let pressed = chatroom(&home).args(["counter", "press", "like", "--times", "1000"]).args(&ada).run().await;
    assert_eq!(pressed.assert_code(0).out, ["like  1000"]);
    assert_eq!(pressed.err.last().map(String::as_str), Some("1,000 presses counted"));
    let with_text = ["counter", "press", "like", "--times", "30", "--value", r#"{"at":"goal"}"#, "--json"];
    let pressed = chatroom(&home).args(with_text).args(&ben).run().await;
    let counter = &json_lines(pressed.assert_code(0))[0];
    assert_eq!((counter["key"].as_str(), counter["value"].as_i64()), (Some("like"), Some(1030)));

    watch.out_line(|line| line == "like  1030").await;
    watch.signal("INT").await;
    let totals = watch.exit().await.assert_code(0).out.clone();
    let totals: Vec<i64> = totals.iter().filter_map(|line| line.strip_prefix("like  ")?.parse().ok()).collect();
    assert!(totals.is_sorted_by(|before, after| before < after), "{totals:?}");
    assert_eq!(totals.last(), Some(&1030));
    let list = chatroom(&home).args(["counter", "list"]).args(&ben).run().await;
    assert_eq!(list.assert_code(0).out, ["like  1030", "boo   0"]);
}

#[tokio::test]
async fn what_a_block_swallows_is_not_called_counted() {
    let home = Home::new();
    let room = Staff::of_room_with_counters(&home, server(&home).await, &["like"]).await;
    let (host, eve) = (room.guest("host", "ROLE_ADMIN").await, room.guest("eve", "ROLE_VIEWER").await);
    let block = ["moderate", "block", "--id", "eve", "--yes"];
    chatroom(&home).args(block).args(&host).run().await.assert_code(0);
    let pressed = chatroom(&home).args(["counter", "press", "like", "--times", "3"]).args(&eve).run().await;
    refused(&pressed, 1, "3 presses not counted: you are blocked in this room");
    assert!(!pressed.err.concat().contains("3 presses counted"), "{}", pressed.transcript());
    let list = chatroom(&home).args(["counter", "list"]).args(&eve).run().await;
    assert_eq!(list.assert_code(0).out, ["like  0"]);
}

#[tokio::test]
async fn what_the_room_does_not_count_is_refused() {
    let home = Home::new();
    let room = Staff::of_room_with_counters(&home, server(&home).await, &["like"]).await;
    let ada = room.guest("ada", "ROLE_VIEWER").await;
    for act in ["press", "watch"] {
        let exit = chatroom(&home).args(["counter", act, "love"]).args(&ada).run().await;
        refused(&exit, 1, "no counter “love”");
    }
    let long = "x".repeat(2000);
    let exit = chatroom(&home).args(["counter", "press", "like", "--value", &long]).args(&ada).run().await;
    refused(&exit, 1, "longer than");
}
