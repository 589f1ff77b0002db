//! Which topics a client may use.

use chatroom_mqtt::{ClientEvent, QoS, ReasonCode};
use chatroom_wire::rest::Role;

use crate::bed::{Ack, join, server, text};

#[tokio::test]
async fn a_client_may_listen_to_its_rooms_topic_only() {
    let server = server(&[]).await;
    for role in [Role::Viewer, Role::Admin] {
        let mut client = join(&server, "ada", role).await;
        let topics = client.config.topic.clone();
        let other_room = topics.subscribe.as_str().replace(server.room_id().as_str(), "another");
        let other_tenant = topics.subscribe.as_str().replace("chat/", "chat/x");
        let shared = format!("$share/group/{}", topics.subscribe);
        let long = "x".repeat(300);
        for (filter, reason) in [
            (topics.publish.as_str(), ReasonCode::NOT_AUTHORIZED),
            (&other_room, ReasonCode::NOT_AUTHORIZED),
            (&other_tenant, ReasonCode::NOT_AUTHORIZED),
            ("$SYS/broker", ReasonCode::NOT_AUTHORIZED),
            ("..", ReasonCode::NOT_AUTHORIZED),
            ("#", ReasonCode::WILDCARDS_NOT_SUPPORTED),
            ("chat/+/+/sub", ReasonCode::WILDCARDS_NOT_SUPPORTED),
            ("$SYS/#", ReasonCode::WILDCARDS_NOT_SUPPORTED),
            (&shared, ReasonCode::SHARED_SUBSCRIPTIONS_NOT_SUPPORTED),
            (&long, ReasonCode::TOPIC_FILTER_INVALID),
        ] {
            assert_eq!(client.subscribe(filter).await, Err(reason), "{filter}");
        }
        assert_eq!(client.subscribe(topics.subscribe.as_str()).await, Ok(QoS::AtMostOnce));
    }
}

#[tokio::test]
async fn a_client_may_publish_to_its_rooms_topic_only() {
    let server = server(&[]).await;
    for role in [Role::Viewer, Role::Admin] {
        let mut client = join(&server, "ada", role).await;
        let topics = client.config.topic.clone();
        let other_room = topics.publish.as_str().replace(server.room_id().as_str(), "another");
        let long = "x".repeat(300);
        for (topic, reason) in [
            (topics.subscribe.as_str(), ReasonCode::NOT_AUTHORIZED),
            (&other_room, ReasonCode::NOT_AUTHORIZED),
            ("$SYS/broker", ReasonCode::NOT_AUTHORIZED),
            (&long, ReasonCode::TOPIC_INVALID),
        ] {
            let id = client.publish_to(topic, text("hi").to_string(), QoS::AtLeastOnce).await.unwrap();
            let ack = client.ack(id).await;
            assert!(matches!(ack, Ack::Refused { reason: said, .. } if said == reason), "{topic}: {ack:?}");
        }
        client.must_say(&text("mine")).await;
    }
}

#[tokio::test]
async fn a_message_that_can_not_be_answered_ends_the_connection_where_it_may_not_be_published() {
    let server = server(&[]).await;
    let mut client = join(&server, "ada", Role::Viewer).await;
    let topic = client.config.topic.subscribe.to_string();
    client.publish_to(&topic, "[]", QoS::AtMostOnce).await;
    assert_eq!(client.end().await, Some(ReasonCode::NOT_AUTHORIZED));
}

#[tokio::test]
async fn who_ends_its_subscription_hears_no_more() {
    let server = server(&[]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut bob = join(&server, "bob", Role::Viewer).await;
    let topic = bob.config.topic.subscribe.to_string();
    let mut unsubscribe = vec![0xA2, u8::try_from(2 + 1 + 2 + topic.len()).unwrap(), 0x7F, 0, 0, 0];
    unsubscribe.push(u8::try_from(topic.len()).unwrap());
    unsubscribe.extend(topic.as_bytes());
    bob.raw(tokio_tungstenite::tungstenite::Message::Binary(unsubscribe.into())).await;
    // The client role never unsubscribes, so it takes the UNSUBACK for a breach and ends: which shows that it came.
    while let Some(event) = bob.event().await {
        assert!(!matches!(event, ClientEvent::ServerDisconnected { .. }), "{event:?}");
    }
    ada.must_say(&text("alone")).await;
}
