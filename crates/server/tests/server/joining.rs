//! CONNECT: who is let in, and with what.

use std::time::Duration;

use chatroom_mqtt::{QoS, ReasonCode, UserName};
use chatroom_wire::{
    ClientId, Config, Signature, Time, Token,
    rest::{CreateToken, Role},
};
use jiff::Timestamp;

use crate::bed::{self, Ack, Client, config, join, server, text, token};

async fn refused(server: &chatroom_server::RunningServer, config: &Config) -> ReasonCode {
    Client::try_connect(server, config, |_| {}).await.1.expect_err("the server refuses")
}

#[tokio::test]
async fn a_client_with_the_credentials_of_a_config_is_let_in_and_told_the_limits() {
    let server = server(&[]).await;
    let config = config(&server, &token(&server, "ada", Role::Viewer).await.token).await;
    let (_client, connack) = Client::try_connect(&server, &config, |options| options.keep_alive = 10).await;
    let connack = connack.unwrap();
    assert_eq!(connack.keep_alive, 30, "10 s is raised to the shortest");
    assert_eq!(connack.receive_maximum, 100);
    assert_eq!(connack.maximum_packet_size, Some(128 * 1024));
    assert_eq!(connack.maximum_qos, QoS::AtLeastOnce);
    assert!(!connack.session_present);
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn credentials_that_were_altered_are_refused() {
    let server = server(&[]).await;
    let good = config(&server, &token(&server, "ada", Role::Viewer).await.token).await;
    let chat_token = token(&server, "ada", Role::Viewer).await.token;

    let mut other_signature = good.clone();
    other_signature.connection.signature = Signature::new("AAAA".to_owned() + &good.connection.signature.expose()[4..]);
    assert_eq!(refused(&server, &other_signature).await, ReasonCode::NOT_AUTHORIZED);

    let mut other_token = good.clone();
    let mut altered = good.connection.token.expose().to_owned();
    altered.insert(altered.find('.').unwrap() + 5, 'A');
    other_token.connection.token = Token::new(altered);
    assert_eq!(refused(&server, &other_token).await, ReasonCode::NOT_AUTHORIZED);

    let mut chat_for_connection = good.clone();
    chat_for_connection.connection.token = chat_token;
    assert_eq!(refused(&server, &chat_for_connection).await, ReasonCode::NOT_AUTHORIZED);

    let mut other_client = good.clone();
    other_client.connection.client_id = ClientId::from("somebody-else");
    assert_eq!(refused(&server, &other_client).await, ReasonCode::CLIENT_ID_INVALID);

    Client::connect(&server, &good).await;
}

#[tokio::test]
async fn a_user_name_without_credentials_is_a_bad_one() {
    let server = server(&[]).await;
    let config = config(&server, &token(&server, "ada", Role::Viewer).await.token).await;
    for name in [None, Some(""), Some("ada"), Some("?x-token=a"), Some("?x-token=a&x-token=b")] {
        let (_, answer) =
            Client::try_connect(&server, &config, |options| options.user_name = name.map(UserName::new)).await;
        assert_eq!(answer.unwrap_err(), ReasonCode::BAD_CREDENTIALS, "{name:?}");
    }
}

#[tokio::test]
async fn a_second_connection_with_the_same_client_id_takes_over() {
    let server = server(&[]).await;
    let config = config(&server, &token(&server, "ada", Role::Viewer).await.token).await;
    let mut first = Client::connect(&server, &config).await;
    let mut second = Client::connect(&server, &config).await;
    assert_eq!(first.end().await, Some(ReasonCode::TAKEN_OVER));
    second.listen().await;
    second.must_say(&text("still here")).await;
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn each_config_call_gives_a_client_id_of_its_own_so_one_token_serves_many_connections() {
    let server = server(&[]).await;
    let token = token(&server, "ada", Role::Viewer).await.token;
    let (one, other) = (config(&server, &token).await, config(&server, &token).await);
    assert_ne!(one.connection.client_id, other.connection.client_id);
    let (_one, _other) = (Client::connect(&server, &one).await, Client::connect(&server, &other).await);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_user_has_so_many_connections_and_no_more() {
    let server = server(&[("connections.per_user", "2")]).await;
    let token = token(&server, "ada", Role::Viewer).await.token;
    let mut clients = Vec::new();
    for _ in 0..2 {
        clients.push(Client::connect(&server, &config(&server, &token).await).await);
    }
    assert_eq!(refused(&server, &config(&server, &token).await).await, ReasonCode::QUOTA_EXCEEDED);
    join(&server, "bob", Role::Viewer).await;
}

#[tokio::test]
async fn the_server_has_so_many_connections_and_no_more() {
    let server = server(&[("connections.max", "1")]).await;
    let _ada = join(&server, "ada", Role::Viewer).await;
    let bob = config(&server, &token(&server, "bob", Role::Viewer).await.token).await;
    assert_eq!(refused(&server, &bob).await, ReasonCode::QUOTA_EXCEEDED);
}

#[tokio::test]
async fn a_token_that_ends_cuts_its_connection_without_a_word() {
    let server = server(&[]).await;
    let soon = Timestamp::now() + Duration::from_secs(2);
    let request = CreateToken { expired_at: Some(Time::milliseconds(soon)), ..CreateToken::default() };
    let token = server.create_token(server.room_id(), request).await.unwrap().token;
    let mut client = Client::connect(&server, &config(&server, &token).await).await;
    client.listen().await;
    assert_eq!(client.end().await, None, "all known clients take a bare close for a dead token");
}

#[tokio::test]
async fn a_retained_message_ends_the_connection() {
    let server = server(&[]).await;
    let mut client = join(&server, "ada", Role::Viewer).await;
    let topic = client.config.topic.publish.to_string();
    // PUBLISH at QoS 0 with the retain flag.
    let mut packet = vec![0x31, u8::try_from(2 + topic.len() + 1 + 2).unwrap(), 0, u8::try_from(topic.len()).unwrap()];
    packet.extend(topic.as_bytes());
    packet.extend(b"\0{}");
    client.raw(tokio_tungstenite::tungstenite::Message::Binary(packet.into())).await;
    assert_eq!(client.end().await, Some(ReasonCode::RETAIN_NOT_SUPPORTED));
}

#[tokio::test]
async fn a_packet_above_the_limit_ends_the_connection() {
    let server = server(&[]).await;
    let mut client = join(&server, "ada", Role::Viewer).await;
    let head = [0x32, 0x80, 0x80, 0x80, 0x08];
    client.raw(tokio_tungstenite::tungstenite::Message::Binary(head.to_vec().into())).await;
    assert_eq!(client.end().await, Some(ReasonCode::PACKET_TOO_LARGE));
}

#[tokio::test]
async fn a_message_at_quality_of_service_0_is_said_too() {
    let server = server(&[]).await;
    let mut client = join(&server, "ada", Role::Viewer).await;
    let topic = client.config.topic.publish.to_string();
    client.publish_to(&topic, text("hi").to_string(), QoS::AtMostOnce).await;
    assert_eq!(client.texts(1).await, ["hi"]);
    assert_eq!(client.say(&text("and again")).await, Ack::Taken);
}

#[tokio::test]
async fn rooms_do_not_hear_each_other() {
    let server = server(&[]).await;
    let other = server.create_room(chatroom_wire::rest::CreateChatroom::default()).await.unwrap().id;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let token = bed::token_in(&server, &other, "bob", Role::Viewer).await.token;
    let mut bob = Client::connect(&server, &config(&server, &token).await).await;
    bob.listen().await;
    ada.must_say(&text("here")).await;
    bob.must_say(&text("there")).await;
    assert_eq!(ada.texts(1).await, ["here"]);
    assert_eq!(bob.texts(1).await, ["there"]);
}
