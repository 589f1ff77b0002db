//! The upgrade and the frames.

use chatroom_mqtt::ReasonCode;
use chatroom_server::RunningServer;
use chatroom_wire::rest::{PREFIX, Role};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::tungstenite::{Message, protocol::frame::coding::CloseCode};

use crate::bed::{Client, PATIENCE, call, config, http::bearer, join, server, text, token};

const UPGRADE: [&str; 4] = [
    "Upgrade: websocket",
    "Connection: upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
];

/// The head of the answer to an upgrade.
async fn upgrade(server: &RunningServer, path: &str, lines: &[&str]) -> String {
    let address = server.address().unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let lines = lines.iter().fold(String::new(), |head, line| head + line + "\r\n");
    stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{lines}\r\n").as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        timeout(PATIENCE, stream.read_exact(&mut byte)).await.expect("the server answers").unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap().to_lowercase()
}

#[tokio::test]
async fn both_paths_upgrade_with_or_without_a_query_and_a_subprotocol() {
    let server = server(&[]).await;
    for path in ["/mqtt", "/", "/mqtt?x-amz-customauthorizer-name=a", "/mqtt??x=1"] {
        let head = upgrade(&server, path, &UPGRADE).await;
        assert!(head.starts_with("http/1.1 101 "), "{head}");
        assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
        assert!(!head.contains("sec-websocket-protocol"), "{head}");
        for offer in ["mqtt", "mqttv3.1, mqtt", "MQTT"] {
            let offer = format!("Sec-WebSocket-Protocol: {offer}");
            let head = upgrade(&server, path, &[&UPGRADE[..], &[offer.as_str()]].concat()).await;
            assert!(head.starts_with("http/1.1 101 ") && head.contains("sec-websocket-protocol: mqtt\r\n"), "{head}");
        }
    }
}

#[tokio::test]
async fn an_upgrade_to_something_else_is_refused() {
    let server = server(&[]).await;
    let other = [&UPGRADE[..], &["Sec-WebSocket-Protocol: soap"]].concat();
    assert!(upgrade(&server, "/mqtt", &other).await.starts_with("http/1.1 400 "));
    let mut old = UPGRADE;
    old[2] = "Sec-WebSocket-Version: 8";
    let head = upgrade(&server, "/mqtt", &old).await;
    assert!(head.starts_with("http/1.1 426 ") && head.contains("sec-websocket-version: 13"), "{head}");
    assert!(upgrade(&server, "/mqtt", &UPGRADE[..3]).await.starts_with("http/1.1 400 "));
    assert!(upgrade(&server, "/elsewhere", &UPGRADE).await.starts_with("http/1.1 404 "));
    assert_eq!(call(&server, "GET", "/mqtt", &[], "").await.status, 426);
}

#[tokio::test]
async fn a_text_frame_ends_the_connection() {
    let server = server(&[]).await;
    let mut client = join(&server, "ada", Role::Viewer).await;
    client.raw(Message::Text("hello".into())).await;
    loop {
        use futures_util::StreamExt as _;
        match timeout(PATIENCE, client.socket().next()).await.expect("the server ends it") {
            Some(Ok(Message::Close(Some(frame)))) => {
                assert_eq!(frame.code, CloseCode::Unsupported);
                break;
            }
            Some(Ok(Message::Binary(_))) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn packets_may_be_cut_across_frames_and_a_ping_may_come_between() {
    let server = server(&[]).await;
    let mut client = join(&server, "ada", Role::Viewer).await;
    let topic = client.config.topic.publish.to_string();
    let payload = text("cut").to_string();
    let rest = 2 + topic.len() + 2 + 1 + payload.len();
    let mut packet = vec![0x32, u8::try_from(rest & 0x7F | 0x80).unwrap(), u8::try_from(rest >> 7).unwrap()];
    packet.extend([0, u8::try_from(topic.len()).unwrap()]);
    packet.extend(topic.as_bytes());
    packet.extend([0x7F, 0xFF, 0]);
    packet.extend(payload.as_bytes());
    for byte in packet {
        client.raw(Message::Binary(vec![byte].into())).await;
    }
    client.raw(Message::Binary(vec![].into())).await;
    assert_eq!(client.texts(1).await, ["cut"]);
    client.raw(Message::Ping("?".into())).await;
    loop {
        use futures_util::StreamExt as _;
        match timeout(PATIENCE, client.socket().next()).await.expect("the server answers") {
            Some(Ok(Message::Pong(payload))) => {
                assert_eq!(payload.as_ref(), b"?");
                break;
            }
            Some(Ok(Message::Binary(_))) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_is_no_mqtt_ends_the_connection() {
    let server = server(&[]).await;
    let mut client = join(&server, "ada", Role::Viewer).await;
    client.raw(Message::Binary(vec![0x00; 16].into())).await;
    assert_eq!(client.end().await, Some(ReasonCode::MALFORMED));
    let config = config(&server, &token(&server, "ada", Role::Viewer).await.token).await;
    Client::connect(&server, &config).await;
}

#[tokio::test]
async fn a_client_that_closes_is_gone_at_once() {
    let server = server(&[]).await;
    let mut client = join(&server, "ada", Role::Viewer).await;
    client.raw(Message::Close(None)).await;
    client.end().await;
    while server.connections() > 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn who_says_nothing_or_half_of_it_is_dropped() {
    let server = server(&[("connect.timeout", "1s")]).await;
    let upgrade =
        UPGRADE.iter().fold(String::from("GET /mqtt HTTP/1.1\r\nHost: x\r\n"), |head, line| head + line + "\r\n");
    for said in ["", "GET /mqtt HTTP/1.1\r\nHost", &(upgrade + "\r\n")] {
        let mut stream = TcpStream::connect(server.address().unwrap()).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut rest = Vec::new();
        timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the server drops it").unwrap();
    }
}

#[tokio::test]
async fn only_so_many_may_be_open_without_saying_who_they_are() {
    let server = server(&[("connections.unknown", "5")]).await;
    let mut joined = Vec::new();
    for number in 0..10 {
        joined.push(join(&server, &format!("user {number}"), Role::Viewer).await);
    }
    let mut silent = Vec::new();
    for _ in 0..6 {
        silent.push(TcpStream::connect(server.address().unwrap()).await.unwrap());
    }
    let mut rest = Vec::new();
    timeout(PATIENCE, silent[0].read_to_end(&mut rest)).await.expect("the oldest makes room").unwrap();
    assert_eq!(server.connections(), 10, "those who have joined do not count");
}

#[tokio::test]
async fn a_flood_of_silent_connections_keeps_nobody_out() {
    let server = server(&[("connections.unknown", "100"), ("connections.unknown_per_address", "50")]).await;
    let address = server.address().unwrap();
    let flood = tokio::spawn(async move {
        let mut held = std::collections::VecDeque::new();
        loop {
            // Some may find that the system has no ports left.
            if let Ok(stream) = TcpStream::connect(address).await {
                held.push_back(stream);
            }
            if held.len() > 300 {
                held.pop_front();
            }
        }
    });
    for number in 0..20 {
        drop(join(&server, &format!("user {number}"), Role::Viewer).await);
    }
    flood.abort();
}

#[tokio::test]
async fn who_says_nothing_is_cut_soon_and_who_speaks_has_longer() {
    let server = server(&[("connect.first_byte", "100ms"), ("connect.timeout", "10m")]).await;
    let mut speaks = TcpStream::connect(server.address().unwrap()).await.unwrap();
    speaks.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
    let mut silent = TcpStream::connect(server.address().unwrap()).await.unwrap();
    let mut rest = String::new();
    timeout(PATIENCE, silent.read_to_string(&mut rest)).await.expect("it is cut").unwrap();
    speaks.write_all(b"Host: x\r\nConnection: close\r\n\r\n").await.unwrap();
    timeout(PATIENCE, speaks.read_to_string(&mut rest)).await.expect("it is answered").unwrap();
    assert!(rest.starts_with("HTTP/1.1 200 "), "{rest}");
}

#[tokio::test]
async fn a_connect_that_is_too_large_for_strangers_is_refused_before_it_is_held() {
    let server = server(&[]).await;
    let config = config(&server, &token(&server, "ada", Role::Viewer).await.token).await;
    let (_, answer) = Client::try_connect(&server, &config, |options| {
        options.user_name = Some(chatroom_mqtt::UserName::new("x".repeat(12 << 10)));
    })
    .await;
    assert_eq!(answer.unwrap_err(), ReasonCode::PACKET_TOO_LARGE);
    join(&server, "ada", Role::Viewer).await.must_say(&text(&"x".repeat(1000))).await;
}

#[tokio::test]
async fn clients_behind_a_trusted_proxy_are_limited_by_their_own_addresses() {
    let server = server(&[("proxies.trusted", "127.0.0.1"), ("connections.per_address", "1")]).await;
    let mut kept = Vec::new();
    for (client, status) in [("192.0.2.1", "101"), ("192.0.2.2", "101"), ("203.0.113.1, 192.0.2.2", "101")] {
        let mut stream = TcpStream::connect(server.address().unwrap()).await.unwrap();
        let head = format!("GET /mqtt HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {client}\r\n");
        let head = UPGRADE.iter().fold(head, |head, line| head + line + "\r\n");
        stream.write_all((head + "\r\n").as_bytes()).await.unwrap();
        let mut first = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut first)).await.expect("it is answered").unwrap();
        assert_eq!(String::from_utf8_lossy(&first), format!("HTTP/1.1 {status}"), "{client}");
        kept.push(stream);
    }
    let mut rest = Vec::new();
    let ended = timeout(PATIENCE, kept[1].read_to_end(&mut rest)).await;
    assert!(ended.is_ok(), "the older one of the same client makes room");
}

#[tokio::test]
async fn one_address_may_have_so_many_connections_of_any_kind_and_gets_its_places_back() {
    let server = server(&[("connections.per_address", "3")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(TcpStream::connect(server.address().unwrap()).await.unwrap());
    }
    let mut rest = Vec::new();
    timeout(PATIENCE, silent[0].read_to_end(&mut rest)).await.expect("it makes room").unwrap();
    ada.must_say(&text("hi")).await;
    drop(silent);
    let token = token(&server, "bob", Role::Viewer).await.token;
    let mut answer = None;
    while answer.is_none() {
        // The server needs a moment to see that they are gone.
        let mut stream = TcpStream::connect(server.address().unwrap()).await.unwrap();
        let head = format!(
            "GET {PREFIX}/chatrooms HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{}\r\n\r\n",
            bearer(token.expose())
        );
        let mut said = String::new();
        let sent = stream.write_all(head.as_bytes()).await;
        if sent.is_ok() && timeout(PATIENCE, stream.read_to_string(&mut said)).await.expect("it ends").is_ok() {
            answer = Some(said).filter(|said| !said.is_empty());
        }
    }
    assert!(answer.unwrap().starts_with("HTTP/1.1 200 "));
}

#[tokio::test]
async fn who_has_shown_a_good_token_holds_no_place_of_those_who_have_not() {
    let server = server(&[("connections.unknown_per_address", "2")]).await;
    let token = token(&server, "ada", Role::Viewer).await.token;
    let head = format!("GET {PREFIX}/chatrooms HTTP/1.1\r\nHost: x\r\n{}\r\n\r\n", bearer(token.expose()));
    let mut kept = Vec::new();
    for _ in 0..5 {
        let mut stream = TcpStream::connect(server.address().unwrap()).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut first = [0; 12];
        timeout(PATIENCE, stream.read_exact(&mut first)).await.expect("it is answered").unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        kept.push(stream);
    }
}
