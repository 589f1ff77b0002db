//! Counters that people press.

use chatroom_wire::rest::Role;
use serde_json::{Value, json};

use super::{Stage, press};
use crate::bed::Client;

const UPDATE: &str = "INTERACTION_TYPE_CUSTOM_COUNTER_UPDATE";

/// Reads updates until this value is told; answers them all.
async fn told(client: &mut Client, value: i64) -> Vec<Value> {
    let mut told = Vec::new();
    loop {
        let update = client.message_of(UPDATE).await;
        assert_eq!(update["user"]["custom_name"], "System");
        let counter = update["custom_counter"].clone();
        told.push(counter.clone());
        if counter["value"] == value {
            return told;
        }
    }
}

#[tokio::test]
async fn a_press_is_counted_once_although_it_is_sent_twice() {
    let stage = Stage::with_counters(&[("rate.viewer", "1000"), ("counter.interval", "50ms")], &["like"]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    for _ in 0..3 {
        ada.must_say(&press("1", "like", 5)).await;
    }
    let ids =
        [ada.publish(press("2", "like", 7).to_string()).await, ada.publish(press("2", "like", 7).to_string()).await];
    for id in ids {
        ada.ack(id).await;
    }
    let counter = stage.state().await["custom_counters"][0].clone();
    assert_eq!((&counter["key"], &counter["value"]), (&json!("like"), &json!(12)));
    assert_eq!(counter["version_number"], format!("{:020}", 2));
    let last = told(&mut ada, 12).await.pop().unwrap();
    assert_eq!(last, counter, "the room answers what was told");
}

#[tokio::test]
async fn a_storm_of_presses_is_told_in_few_updates_and_its_last_value_always() {
    let stage =
        Stage::with_counters(&[("rate.viewer", "100000"), ("counter.interval", "300ms")], &["like", "wow"]).await;
    let mut eve = stage.join("eve", Role::Viewer).await;
    let mut people = Vec::new();
    for who in ["ada", "bob"] {
        people.push((who, stage.join(who, Role::Viewer).await));
    }
    for round in 0..100 {
        for (who, client) in &mut people {
            client.publish(press(&format!("{who}-{round}"), "like", 1).to_string()).await;
        }
    }
    let updates = told(&mut eve, 200).await;
    assert!(updates.len() < 100, "{} updates are no pace", updates.len());
    assert!(updates.is_sorted_by(|one, other| {
        one["value"].as_i64() < other["value"].as_i64()
            && one["version_number"].as_str() < other["version_number"].as_str()
    }));
    assert_eq!(stage.state().await["custom_counters"][0]["value"], 200);
    assert_eq!(stage.state().await["custom_counters"][1]["value"], 0);
}

#[tokio::test]
async fn a_batch_counts_its_presses_and_those_of_somebody_blocked_count_nothing() {
    let stage = Stage::with_counters(&[("counter.interval", "50ms")], &["like"]).await;
    let mut ada = stage.join("ada", Role::Viewer).await;
    let mut bob = stage.join("bob", Role::Viewer).await;
    stage.block("bob").await;
    bob.must_say(&press("b", "like", 100)).await;
    let mut batch = press("a", "like", 1);
    batch["custom_message"]["value"] = json!("[{},{},{}]");
    ada.must_say(&batch).await;
    told(&mut ada, 3).await;
    assert_eq!(stage.state().await["custom_counters"][0]["value"], 3);
}
