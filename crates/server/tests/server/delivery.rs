//! How messages reach listeners: in packets, in a chain, and never at the expense of others.

use chatroom_mqtt::ReasonCode;
use chatroom_wire::rest::Role;
use serde_json::json;

use crate::bed::{Client, config, join, server, text, token};

#[tokio::test]
async fn a_busy_room_is_sent_in_packets_whose_numbers_make_a_chain() {
    let server = server(&[("rate.viewer", "100000"), ("batch.window", "100ms")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut bob = join(&server, "bob", Role::Viewer).await;
    for number in 0..100 {
        ada.publish(text(&number.to_string()).to_string()).await;
    }
    assert_eq!(bob.texts(100).await, (0..100).map(|number| number.to_string()).collect::<Vec<_>>());
    let packets = bob.numbers.len();
    assert!(packets < 100, "{packets} packets for 100 messages are no batches");
    let mut last = 0;
    for (prev, seq) in &bob.numbers {
        assert_eq!(*prev, last, "{:?}", bob.numbers);
        assert!(seq > prev);
        last = *seq;
    }
    assert_eq!(last, 100);
}

#[tokio::test]
async fn who_comes_later_joins_the_chain_where_it_is() {
    let server = server(&[]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    for number in 0..3 {
        ada.must_say(&text(&number.to_string())).await;
    }
    assert_eq!(ada.texts(3).await, ["0", "1", "2"]);
    let mut bob = join(&server, "bob", Role::Viewer).await;
    assert_eq!(bob.position, Some(3), "who listens is told where the room stands");
    ada.must_say(&text("3")).await;
    assert_eq!(bob.texts(1).await, ["3"]);
    assert_eq!(bob.numbers, [(3, 4)]);
}

#[tokio::test]
async fn no_packet_is_larger_than_the_limit() {
    let server = server(&[("rate.viewer", "100000"), ("batch.max", "4KiB"), ("batch.window", "1s")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut bob = join(&server, "bob", Role::Viewer).await;
    for _ in 0..20 {
        ada.publish(text(&"x".repeat(900)).to_string()).await;
    }
    bob.texts(20).await;
    assert!(bob.sizes.iter().all(|size| *size <= 4096), "{:?}", bob.sizes);
    assert!(bob.sizes.len() < 20, "{:?}", bob.sizes);
}

#[tokio::test]
async fn a_packet_that_a_client_does_not_accept_is_left_out_for_it_alone_and_its_numbers_tell() {
    let server = server(&[("batch.window", "0s")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let config = config(&server, &token(&server, "bob", Role::Viewer).await.token).await;
    let (mut bob, connack) = Client::try_connect(&server, &config, |options| options.maximum_packet_size = 1000).await;
    connack.unwrap();
    bob.listen().await;
    for length in [10, 900, 20] {
        ada.must_say(&text(&"x".repeat(length))).await;
    }
    assert_eq!(ada.texts(3).await.iter().map(String::len).collect::<Vec<_>>(), [10, 900, 20]);
    assert_eq!(bob.texts(2).await.iter().map(String::len).collect::<Vec<_>>(), [10, 20]);
    assert_eq!(bob.numbers, [(0, 1), (2, 3)], "2 was not there");
}

#[tokio::test]
async fn a_listener_that_takes_nothing_is_dropped_and_the_others_hear_all() {
    let settings = [
        ("rate.admin", "1000000"),
        ("queue.packets", "4"),
        ("write.timeout", "1s"),
        ("batch.window", "1ms"),
        ("text.max", "30000"),
    ];
    let server = server(&settings).await;
    let mut host = join(&server, "host", Role::Admin).await;
    let mut other = join(&server, "other", Role::Viewer).await;
    let stuck = join(&server, "stuck", Role::Viewer).await;
    assert_eq!(server.connections(), 3);
    let large = json!({"type": "INTERACTION_TYPE_CUSTOM", "custom_message": {"value": "x".repeat(100_000)}});
    let mut sent = 0;
    while server.connections() == 3 {
        host.must_say(&large).await;
        sent += 1;
        assert_eq!(host.message().await["type"], "INTERACTION_TYPE_CUSTOM");
        assert_eq!(other.message().await["type"], "INTERACTION_TYPE_CUSTOM");
        assert!(sent < 2000, "the stuck listener is never dropped");
    }
    host.must_say(&text("on")).await;
    assert_eq!(other.texts(1).await, ["on"]);
    let last = other.numbers.iter().fold(0, |last, (prev, seq)| {
        assert_eq!(*prev, last);
        *seq
    });
    assert_eq!(last, sent + 1);
    drop(stuck);
}

#[tokio::test]
async fn a_listener_that_falls_behind_and_reads_on_is_told_why_it_goes() {
    let server =
        server(&[("rate.admin", "1000000"), ("queue.packets", "2"), ("write.timeout", "60s"), ("batch.window", "0s")])
            .await;
    let mut host = join(&server, "host", Role::Admin).await;
    let mut slow = join(&server, "slow", Role::Viewer).await;
    let large = json!({"type": "INTERACTION_TYPE_CUSTOM", "custom_message": {"value": "x".repeat(100_000)}});
    // The system's buffers hold some megabytes; what does not fit there waits in the ring.
    for _ in 0..150 {
        host.must_say(&large).await;
        host.message().await;
    }
    assert_eq!(slow.end().await, Some(ReasonCode::QUOTA_EXCEEDED));
}

#[tokio::test]
async fn answers_and_messages_go_on_beside_each_other() {
    let server = server(&[("rate.viewer", "100000")]).await;
    let mut clients = Vec::new();
    for number in 0..8 {
        clients.push(join(&server, &format!("user {number}"), Role::Viewer).await);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for mut client in clients {
        tasks.spawn(async move {
            for number in 0..25 {
                client.must_say(&text(&number.to_string())).await;
            }
            client.texts(200).await;
            client.numbers
        });
    }
    while let Some(numbers) = tasks.join_next().await {
        let numbers = numbers.unwrap();
        assert!(numbers.windows(2).all(|pair| pair[0].1 == pair[1].0), "{numbers:?}");
        assert_eq!(numbers.last().unwrap().1, 200);
    }
}
