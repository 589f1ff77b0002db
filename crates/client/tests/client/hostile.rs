//! WebSocket frames and answers to the upgrade that nobody should send: the good part is told, or it is said why not, and
//! the room is joined again.

use chatroom_client::{Blame, Builder, Cause, End, Event, EventStream, LinkError, Room, wire::Config};
use chatroom_mqtt::CloseCause;
use chatroom_testkit::{
    config_file::{SUB, details},
    endpoint::{Endpoint, Link},
    hostile::{self, Frames},
    token, within,
};
use futures_util::future::join_all;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::{bare, ended, interrupted, joined, next};

const CONNACK: &[u8] = &[0x20, 3, 0, 0, 0];

#[tokio::test]
async fn every_hostile_frame_is_told_or_ends_the_link_for_a_reason() {
    join_all(hostile::frames_of_servers().into_iter().map(survives)).await;
}

async fn survives(case: Frames) {
    let Frames { name, bytes, outcome } = case;
    let server = Endpoint::start(None, move |link| serve(link, bytes.clone())).await;
    let (_room, mut events) = join(&server);
    joined(&mut events).await;
    let mut told = Vec::new();
    loop {
        match next(&mut events).await {
            Event::MessageAdded { message, .. } => {
                let text = message.text().expect("only texts are sent").to_owned();
                let is_last = text == "after";
                told.push(text);
                if is_last {
                    break;
                }
            }
            Event::Interrupted { cause, .. } => {
                told.push(bare(cause).to_string());
                break;
            }
            Event::Ended(end) => panic!("{name}: {end}"),
            _ => {}
        }
    }
    assert_eq!(told.join(", "), outcome, "{name}");
    // It comes back by itself.
    joined(&mut events).await;
    assert!(server.record().connections() >= 2, "{name}");
}

/// Lets a client join, and sends these bytes; then a message in a frame as it should be, and hangs up.
async fn serve(mut link: Link, bytes: Vec<u8>) {
    let Some(answer) = upgrade(&mut link, "sec-websocket-protocol: mqtt\r\n").await else { return };
    if link.write_all(answer.as_bytes()).await.is_err() || packet(&mut link).await.is_none() {
        return;
    }
    let subscribed = async {
        link.write_all(&frame(CONNACK)).await.ok()?;
        let subscribe = packet(&mut link).await?;
        link.write_all(&frame(&[0x90, 4, subscribe[2], subscribe[3], 0, 0])).await.ok()
    };
    if subscribed.await.is_some() {
        let after = br#"{"type":1,"user":{"custom_name":"ada"},"text_message":{"text":"after"}}"#;
        let after = chatroom_mqtt::encode_publish(SUB, after, &[]).expect("a small packet");
        // The client may have hung up by then.
        let _ = link.write_all(&bytes).await;
        let _ = link.write_all(&frame(&after)).await;
        let _ = link.shutdown().await;
        let _ = tokio::io::copy(&mut link, &mut tokio::io::sink()).await;
    }
}

/// Reads a request for a WebSocket; answers how it is granted, with this header.
async fn upgrade(link: &mut (impl AsyncRead + Unpin), header: &str) -> Option<String> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        head.push(char::from(link.read_u8().await.ok()?));
    }
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "))?;
    Some(format!(
        "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
         sec-websocket-accept: {}\r\n{header}\r\n",
        derive_accept_key(key.as_bytes())
    ))
}

/// The payload of a client's next binary frame.
async fn packet(link: &mut (impl AsyncRead + Unpin)) -> Option<Vec<u8>> {
    loop {
        let (opcode, payload) = any_frame(link).await?;
        if opcode == 0x82 {
            return Some(payload);
        }
    }
}

/// A client's next frame.
async fn any_frame(link: &mut (impl AsyncRead + Unpin)) -> Option<(u8, Vec<u8>)> {
    let opcode = link.read_u8().await.ok()?;
    let length = match link.read_u8().await.ok()? & 0x7F {
        126 => usize::from(link.read_u16().await.ok()?),
        length => usize::from(length),
    };
    let mut mask = [0; 4];
    link.read_exact(&mut mask).await.ok()?;
    let mut payload = vec![0; length];
    link.read_exact(&mut payload).await.ok()?;
    payload.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
    Some((opcode, payload))
}

fn frame(payload: &[u8]) -> Vec<u8> {
    let length = u8::try_from(payload.len()).ok().filter(|length| *length < 126).expect("a short packet");
    [&[0x82, length], payload].concat()
}

/// A session with an endpoint on this machine, by a config alone.
fn join(server: &Endpoint) -> (Room, EventStream) {
    join_at(&server.host())
}

fn join_at(host: &str) -> (Room, EventStream) {
    let mut json = details("unused.example", &token::good());
    json["connection"]["url"] = format!("ws://{host}/mqtt").into();
    let config = Config::from_json(json.to_string().as_bytes()).expect("the details of the test are a config");
    Builder::with_config(config).build().expect("the config is good")
}

/// What an endpoint answers to the upgrade, whatever is asked.
async fn answering(answer: impl Into<Vec<u8>>) -> Endpoint {
    let answer: Vec<u8> = answer.into();
    Endpoint::start(None, move |mut link| {
        let answer = answer.clone();
        async move {
            drop(upgrade(&mut link, "").await);
            let _ = link.write_all(&answer).await;
            let _ = link.shutdown().await;
            let _ = tokio::io::copy(&mut link, &mut tokio::io::sink()).await;
        }
    })
    .await
}

#[tokio::test]
async fn who_sends_without_end_and_reads_no_answer_is_left_alone_and_left() {
    let socket = TcpSocket::new_v4().expect("a socket can be had");
    // What the system takes of the answers is not what is looked at.
    socket.set_recv_buffer_size(4096).expect("any size is allowed");
    socket.bind(([127, 0, 0, 1], 0).into()).expect("127.0.0.1 has a free port");
    let server = socket.listen(8).expect("a bound socket can listen");
    let (_room, mut events) = join_at(&server.local_addr().expect("it is bound").to_string());
    let flood = async {
        let (link, _) = server.accept().await.expect("the client comes");
        flood(link).await
    };
    let left = async {
        joined(&mut events).await;
        interrupted(&mut events).await
    };
    let (sent, cause) = tokio::join!(flood, left);
    assert_eq!(cause, Cause::Mqtt(CloseCause::PongTimeout));
    assert!(sent.is_none());
}

/// Lets a client join, and sends messages at QoS 1 for as long as it takes them.
async fn flood(mut link: TcpStream) -> Option<()> {
    let answer = upgrade(&mut link, "sec-websocket-protocol: mqtt\r\n").await?;
    link.write_all(answer.as_bytes()).await.ok()?;
    packet(&mut link).await?;
    // Keep alive 1 s.
    link.write_all(&frame(&[0x20, 6, 0, 0, 3, 0x13, 0, 1])).await.ok()?;
    let subscribe = packet(&mut link).await?;
    link.write_all(&frame(&[0x90, 4, subscribe[2], subscribe[3], 0, 0])).await.ok()?;
    // No messages are in it.
    let delivery = [&[0x32, 3 + 2 + 1 + 2, 0, 1, b't', 0, 7, 0], &b"[]"[..]].concat();
    let flood = frame(&delivery.repeat(12)).repeat(100);
    loop {
        link.write_all(&flood).await.ok()?;
    }
}

/// How far a server lets a client come before it sends one thing without end, and reads nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    Upgraded,
    Connected,
    Subscribed,
}

#[tokio::test]
async fn a_flood_of_any_packet_and_any_frame_at_any_stage_is_taken_or_ends_the_link() {
    // What a server may send at any time once it has said CONNACK; all else ends the link, and so does all before that.
    let packets: [(&str, &[u8], bool); 14] = [
        ("CONNACK", CONNACK, false),
        ("PUBLISH at QoS 0", &[0x30, 6, 0, 1, b't', 0, b'[', b']'], true),
        ("PUBLISH at QoS 2", &[0x34, 8, 0, 1, b't', 0, 7, 0, b'[', b']'], false),
        ("PUBACK", &[0x40, 2, 0, 9], true),
        ("PUBREC", &[0x50, 2, 0, 9], false),
        ("PUBREL", &[0x62, 2, 0, 9], false),
        ("PUBCOMP", &[0x70, 2, 0, 9], false),
        ("SUBACK", &[0x90, 4, 0, 9, 0, 0], false),
        ("UNSUBACK", &[0xB0, 4, 0, 9, 0, 0], false),
        ("PINGREQ", &[0xC0, 0], false),
        ("PINGRESP", &[0xD0, 0], true),
        ("DISCONNECT", &[0xE0, 0], false),
        ("AUTH", &[0xF0, 0], false),
        ("a packet of no type", &[0x00, 0], false),
    ];
    let frames: [(&str, &[u8], bool); 6] = [
        ("a ping", &[0x89, 4, 1, 2, 3, 4], true),
        ("a pong", &[0x8A, 0], true),
        ("an empty message", &[0x82, 0], true),
        ("a text", &[0x81, 1, b'x'], false),
        ("a close", &[0x88, 0], false),
        ("a continuation of nothing", &[0x00, 0], false),
    ];
    let mut floods = Vec::new();
    for until in [Until::Upgraded, Until::Connected, Until::Subscribed] {
        for (name, packet, taken) in packets {
            floods.push(told_of_flood(until, name, frame(packet), taken && until != Until::Upgraded));
        }
        for (name, bytes, taken) in frames {
            floods.push(told_of_flood(until, name, bytes.to_vec(), taken));
        }
    }
    assert_eq!(join_all(floods).await.into_iter().flatten().collect::<Vec<_>>(), Vec::<String>::new());
}

/// What is wrong with how a client takes such a flood.
async fn told_of_flood(until: Until, name: &'static str, bytes: Vec<u8>, taken: bool) -> Option<String> {
    let server = Endpoint::start(None, move |mut link| {
        let flood = bytes.repeat((64 << 10) / bytes.len());
        async move {
            let _ = flood_then_serve(&mut link, until, &flood).await;
            let _ = tokio::io::copy(&mut link, &mut tokio::io::sink()).await;
        }
    })
    .await;
    let (_room, mut events) = join(&server);
    let was_taken = loop {
        match next(&mut events).await {
            Event::MessageAdded { .. } => break true,
            Event::Interrupted { .. } | Event::Ended(_) => break false,
            _ => {}
        }
    };
    let what = if was_taken { "is taken" } else { "ends the link" };
    (was_taken != taken).then(|| format!("{until:?}: {name} without end {what}"))
}

/// Lets a client come so far, floods it, and goes on as a server should, up to a message.
async fn flood_then_serve(link: &mut Link, until: Until, flood: &[u8]) -> Option<()> {
    let answer = upgrade(link, "sec-websocket-protocol: mqtt\r\n").await?;
    link.write_all(answer.as_bytes()).await.ok()?;
    if until == Until::Upgraded {
        link.write_all(flood).await.ok()?;
    }
    packet(link).await?;
    link.write_all(&frame(CONNACK)).await.ok()?;
    if until == Until::Connected {
        link.write_all(flood).await.ok()?;
    }
    let subscribe = packet(link).await?;
    link.write_all(&frame(&[0x90, 4, subscribe[2], subscribe[3], 0, 0])).await.ok()?;
    if until == Until::Subscribed {
        link.write_all(flood).await.ok()?;
    }
    let after = br#"{"type":1,"user":{"custom_name":"ada"},"text_message":{"text":"after"}}"#;
    let after = chatroom_mqtt::encode_publish(SUB, after, &[]).expect("a small packet");
    link.write_all(&frame(&after)).await.ok()
}

#[tokio::test]
async fn each_status_of_an_upgrade_is_told_and_only_what_may_pass_is_tried_again() {
    for status in [200, 204, 301, 302, 307, 400, 401, 403, 404, 426] {
        let head = format!("HTTP/1.1 {status} X\r\nlocation: ws://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n");
        let server = answering(head).await;
        let (_room, mut events) = join(&server);
        let end = ended(&mut events).await;
        match status {
            401 | 403 => assert_eq!(end.blame(), Some(Blame::Credentials), "{status}: {end:?}"),
            _ => assert_eq!(end, End::Fatal(Cause::Link(LinkError::Upgrade { status, retry_after: None }))),
        }
        assert_eq!(server.record().connections(), 1, "{status}: a redirect is not followed");
    }
    for status in [408, 425, 429, 500, 502, 503, 504, 599] {
        let server = answering(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n")).await;
        let (_room, mut events) = join(&server);
        let cause = interrupted(&mut events).await;
        assert_eq!(cause, Cause::Link(LinkError::Upgrade { status, retry_after: None }));
    }
}

#[tokio::test]
async fn a_compression_that_was_not_offered_is_not_taken() {
    let server = Endpoint::start(None, async |mut link| {
        let headers = "sec-websocket-protocol: mqtt\r\nsec-websocket-extensions: permessage-deflate\r\n";
        if let Some(answer) = upgrade(&mut link, headers).await {
            let _ = link.write_all(answer.as_bytes()).await;
            // A megabyte of zeros in a few bytes.
            let _ = link.write_all(&[0xC2, 6, 0xEC, 0xC1, 0x01, 0x01, 0x00, 0x00]).await;
            let _ = tokio::io::copy(&mut link, &mut tokio::io::sink()).await;
        }
    })
    .await;
    let (_room, mut events) = join(&server);
    let said = match next(&mut events).await {
        Event::Interrupted { cause, .. } => cause.to_string(),
        Event::Ended(end) => end.to_string(),
        other => panic!("{other:?}"),
    };
    assert!(!said.is_empty());
}

#[tokio::test]
async fn a_head_without_an_end_is_not_read_for_ever() {
    for line in ["x: y\r\n".repeat(1_000_000), format!("x: {}\r\n", "y".repeat(10_000_000))] {
        let server = answering(format!("HTTP/1.1 101 Switching Protocols\r\n{line}")).await;
        let (_room, mut events) = join(&server);
        let told = within("a word on it", async {
            match next(&mut events).await {
                Event::Interrupted { cause, .. } => cause.to_string(),
                Event::Ended(End::Fatal(cause)) => cause.to_string(),
                other => panic!("{other:?}"),
            }
        });
        assert!(!told.await.is_empty());
    }
}
