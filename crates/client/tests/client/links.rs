//! Links over real TCP, TLS and WebSockets, to servers that behave and to others.

use std::sync::Arc;

use chatroom_client::{Blame, Builder, Cause, End, Event, EventStream, LinkError, Room, TlsFault, wire::Config};
use chatroom_testkit::{
    certs::{Certs, Leaf},
    config_file::details,
    endpoint::Endpoint,
    scripted::{OnConnect, OnUpgrade, Script, accept_websocket},
    token, within,
};
use futures_util::{SinkExt, StreamExt};
use rustls::ServerConfig;
use serde_json::Value;
use tokio::{io::AsyncWriteExt, net::TcpListener};
use tokio_tungstenite::tungstenite::Message;

use crate::{ended, interrupted, joined, next};

/// A session with a server, by a config alone.
fn join(certs: &Certs, host: &str) -> (Room, EventStream) {
    let builder = Builder::with_config(config(&details(host, &token::good()))).ca_file(certs.ca_file());
    builder.build().expect("the config and the authority are good")
}

/// The same without TLS.
fn join_plain(url: &str) -> (Room, EventStream) {
    let mut json = details("unused.example", &token::good());
    json["connection"]["url"] = url.into();
    Builder::with_config(config(&json)).build().expect("the config is good")
}

fn config(json: &Value) -> Config {
    Config::from_json(json.to_string().as_bytes()).expect("the details of the test are a config")
}

async fn fatal(events: &mut EventStream) -> LinkError {
    match ended(events).await {
        End::Fatal(Cause::Link(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn good(certs: &Certs) -> Arc<ServerConfig> {
    certs.server(Leaf::Good)
}

#[tokio::test]
async fn a_link_is_opened_as_mqtt_over_websocket_over_tls() {
    let certs = Certs::new();
    let server = Script::default().start(Some(good(&certs))).await;
    let (room, mut events) = join(&certs, &server.host());
    joined(&mut events).await;
    room.deliver("over the wire").await.unwrap();
    let upgrade = server.record().upgrade(0).await;
    assert_eq!(upgrade.target(), "/mqtt");
    assert_eq!(upgrade.header("sec-websocket-protocol"), Some("mqtt"));
    assert_eq!(upgrade.header("host"), Some(&*server.host()));
    assert_eq!(upgrade.header("sec-websocket-extensions"), None);
    within("the end", room.leave()).await;
    assert_eq!(ended(&mut events).await, End::Left);
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_ends_the_session_and_says_why() {
    let certs = Certs::new();
    for (leaf, fault, says) in [
        (Leaf::Expired, TlsFault::Expired, "its certificate expired at 2001-12-31"),
        (Leaf::WrongHost, TlsFault::WrongName, "its certificate is for another name: elsewhere.test"),
        (Leaf::UnknownAuthority, TlsFault::UnknownIssuer, "signed by no authority that is trusted here"),
        (Leaf::SelfSigned, TlsFault::UnknownIssuer, "signed by no authority that is trusted here"),
    ] {
        let server = Script::default().start(Some(certs.server(leaf))).await;
        let (_room, mut events) = join(&certs, &server.host());
        let LinkError::Tls { host, fault: found, problem } = fatal(&mut events).await else { panic!("{leaf:?}") };
        assert_eq!((host, found), (server.host(), fault), "{leaf:?}");
        assert!(problem.contains(says), "{leaf:?}: {problem}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_not_spoken_to() {
    let certs = Certs::new();
    let silent = Script::default().start(None).await;
    let talking = Endpoint::start(None, async |mut link| {
        drop(link.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await);
    })
    .await;
    for server in [silent, talking] {
        let (_room, mut events) = join(&certs, &server.host());
        let cause = interrupted(&mut events).await;
        assert!(matches!(cause, Cause::Link(LinkError::Tls { fault: TlsFault::Other, .. })), "{cause:?}");
    }
}

#[tokio::test]
async fn errors_of_a_link_name_host_and_port() {
    let certs = Certs::new();
    let script = Script { upgrade: OnUpgrade::Status(404), ..Script::default() };
    let server = script.start(Some(good(&certs))).await;
    let (_room, mut events) = join(&certs, &server.host());
    let end = loop {
        if let Event::Ended(End::Fatal(cause)) = next(&mut events).await {
            break cause;
        }
    };
    let told = format!("{}: the server answered the WebSocket upgrade with HTTP 404", server.host());
    assert_eq!(end.to_string(), told);
}

#[tokio::test]
async fn an_upgrade_that_is_refused_tells_its_status() {
    let certs = Certs::new();
    for status in [200, 302, 400, 404, 426] {
        let script = Script { upgrade: OnUpgrade::Status(status), ..Script::default() };
        let server = script.start(Some(good(&certs))).await;
        let (_room, mut events) = join(&certs, &server.host());
        assert_eq!(fatal(&mut events).await, LinkError::Upgrade { status, retry_after: None });
        assert_eq!(server.record().connections(), 1, "a redirect is not followed");
    }
    for status in [401, 403] {
        let script = Script { upgrade: OnUpgrade::Status(status), ..Script::default() };
        let server = script.start(Some(good(&certs))).await;
        let (_room, mut events) = join(&certs, &server.host());
        assert_eq!(ended(&mut events).await.blame(), Some(Blame::Credentials));
    }
}

#[tokio::test]
async fn a_busy_server_is_asked_again_when_it_says() {
    let certs = Certs::new();
    let server = Endpoint::start(Some(good(&certs)), async |mut link| {
        let answer = b"HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n";
        drop(link.write_all(answer).await);
        drop(link.shutdown().await);
    })
    .await;
    let (_room, mut events) = join(&certs, &server.host());
    let cause = interrupted(&mut events).await;
    let expected = LinkError::Upgrade { status: 503, retry_after: Some(std::time::Duration::from_secs(7)) };
    assert_eq!(cause, Cause::Link(expected));
}

#[tokio::test]
async fn a_close_without_a_word_is_an_interruption() {
    let certs = Certs::new();
    for script in [
        Script { upgrade: OnUpgrade::CloseTcp, ..Script::default() },
        Script { connect: OnConnect::CloseTcp, ..Script::default() },
        Script { connect: OnConnect::CloseWebSocket, ..Script::default() },
    ] {
        let server = script.clone().start(Some(good(&certs))).await;
        let (_room, mut events) = join(&certs, &server.host());
        assert_eq!(interrupted(&mut events).await, Cause::Link(LinkError::Closed), "{script:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_interruption() {
    let certs = Certs::new();
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let (_room, mut events) = join(&certs, &format!("localhost:{}", closed.port()));
    let Cause::Link(LinkError::Unreachable { address, problem }) = interrupted(&mut events).await else { panic!() };
    assert_eq!((address, &*problem), (format!("localhost:{}", closed.port()), "Connection refused"));
}

#[tokio::test]
async fn text_and_oversized_messages_are_no_mqtt() {
    let certs = Certs::new();
    let server = Endpoint::start(Some(good(&certs)), async |link| {
        if let Some(mut websocket) = accept_websocket(link).await {
            drop(websocket.send(Message::text("hello")).await);
            while websocket.next().await.is_some() {}
        }
    })
    .await;
    let (_room, mut events) = join(&certs, &server.host());
    assert_eq!(fatal(&mut events).await, LinkError::NotMqtt("it sends text, and MQTT is binary".to_owned()));

    let server = Endpoint::start(Some(good(&certs)), async |link| {
        if let Some(mut websocket) = accept_websocket(link).await {
            drop(websocket.send(Message::binary(vec![0; 300 << 10])).await);
            while websocket.next().await.is_some() {}
        }
    })
    .await;
    let (_room, mut events) = join(&certs, &server.host());
    let cause = interrupted(&mut events).await;
    assert_eq!(cause, Cause::Link(LinkError::Broken("it sends more than 256 KiB at once".to_owned())));
}

#[tokio::test]
async fn a_websocket_for_something_else_than_mqtt_is_refused() {
    let certs = Certs::new();
    for (protocol, says) in [
        ("", "it does not agree to speak mqtt in the WebSocket"),
        ("sec-websocket-protocol: graphql-ws\r\n", "it wants to speak something else than mqtt in the WebSocket"),
    ] {
        let server = upgrading(&certs, protocol).await;
        let (_room, mut events) = join(&certs, &server.host());
        assert_eq!(fatal(&mut events).await, LinkError::NotMqtt(says.to_owned()));
    }
}

#[tokio::test]
async fn a_server_that_speaks_no_http_is_no_mqtt_endpoint() {
    let certs = Certs::new();
    let server = Endpoint::start(Some(good(&certs)), async |mut link| {
        drop(link.write_all(b"220 mail.example ESMTP\r\n\r\n").await);
        drop(link.shutdown().await);
    })
    .await;
    let (_room, mut events) = join(&certs, &server.host());
    assert_eq!(fatal(&mut events).await, LinkError::NotMqtt("it does not answer in HTTP/1.1".to_owned()));
}

#[tokio::test]
async fn without_encryption_only_this_machine_is_spoken_to() {
    let (_room, mut events) = join_plain("ws://chat.example/mqtt");
    let error = fatal(&mut events).await;
    assert_eq!(error.to_string(), "ws://chat.example/mqtt is neither encrypted nor on this machine");

    let server = Script::default().start(None).await;
    let (room, mut events) = join_plain(&format!("ws://{}/", server.host()));
    joined(&mut events).await;
    room.deliver("on this machine").await.unwrap();
    assert_eq!(server.record().upgrade(0).await.target(), "/");
}

/// A server that upgrades with this header.
async fn upgrading(certs: &Certs, protocol: &'static str) -> Endpoint {
    use tokio::io::AsyncReadExt;
    use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
    Endpoint::start(Some(good(certs)), move |mut link| async move {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            let Ok(byte) = link.read_u8().await else { return };
            head.push(char::from(byte));
        }
        let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key is sent");
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-accept: {}\r\n{protocol}\r\n",
            derive_accept_key(key.as_bytes())
        );
        drop(link.write_all(answer.as_bytes()).await);
        drop(link.read_u8().await);
    })
    .await
}
