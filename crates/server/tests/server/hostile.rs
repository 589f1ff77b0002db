//! What is known to be hostile, through a real socket: a clear answer or a clear end, and nobody else is harmed.

use chatroom_mqtt::{ClientOutput, ClientRole, ConnectOptions, ReasonCode, UserName};
use chatroom_server::RunningServer;
use chatroom_testkit::hostile;
use chatroom_wire::{Config, rest::Role, user_name};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::bed::{Ack, Client, PATIENCE, config, join, server, text, token};

const PINGREQ: &[u8] = &[0xC0, 0];
const PINGRESP: &[u8] = &[0xD0, 0];

#[tokio::test]
async fn every_hostile_payload_is_answered_and_harms_nobody() {
    let server = server(&[("rate.viewer", "100000"), ("rate.viewer_bytes", "100MiB")]).await;
    let mut mallory = join(&server, "mallory", Role::Viewer).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut bob = join(&server, "bob", Role::Viewer).await;
    for case in hostile::json() {
        let id = mallory.publish(&case.payload).await;
        let answer = match mallory.ack(id).await {
            Ack::Taken => "taken".to_owned(),
            Ack::Refused { reason, text, .. } => format!("{:02x} {text}", reason.0),
        };
        assert_eq!(answer, case.answer, "{}", case.name);
        if case.answer == "taken" {
            let heard = bob.message().await;
            assert_eq!(heard["user"]["id"], "mallory", "{}: the author is who the token says: {heard}", case.name);
            assert_eq!(heard["user"]["is_admin"], false, "{}: {heard}", case.name);
            assert_ne!(heard["received_at"], "2020-01-01T00:00:00Z", "{}: {heard}", case.name);
            ada.message().await;
        }
        ada.must_say(&text(&case.name)).await;
        assert_eq!(bob.texts(1).await, [case.name.as_str()]);
        ada.message().await;
    }
}

#[tokio::test]
async fn every_hostile_packet_ends_one_connection_and_harms_nobody() {
    // The limits that the table goes by.
    let server = server(&[("rate.viewer", "100000"), ("receive.max", "2")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut bob = join(&server, "bob", Role::Viewer).await;
    for case in hostile::packets_of_clients() {
        let mut mallory = Raw::upgraded(&server).await;
        if case.needs("CONNECT") {
            mallory.connect(&server).await;
        }
        mallory.send_frame(&case.bytes()).await;
        let said = mallory.rest().await;
        let goodbye = said.packets.last().map_or_else(|| "-".to_owned(), |packet| ends_with(packet));
        assert_eq!(goodbye, case.last_packet, "{}: {said:02x?}", case.name);
        assert_eq!(said.close, Some(1000), "{}", case.name);
        ada.must_say(&text(&case.name)).await;
        assert_eq!(bob.texts(1).await, [case.name.as_str()]);
        ada.message().await;
    }
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn every_hostile_frame_ends_one_connection_or_none() {
    let server = server(&[("rate.viewer", "100000")]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    let mut bob = join(&server, "bob", Role::Viewer).await;
    for case in hostile::frames_of_clients() {
        let mut mallory = Raw::upgraded(&server).await;
        mallory.connect(&server).await;
        mallory.send(&case.bytes).await;
        match case.outcome.strip_prefix("closes ") {
            Some(code) => {
                let said = mallory.rest().await;
                assert_eq!(said.close.map(|code| code.to_string()).as_deref(), Some(code), "{}", case.name);
            }
            None => mallory.packet(PINGRESP).await.unwrap_or_else(|said| panic!("{}: {said:02x?}", case.name)),
        }
        ada.must_say(&text(&case.name)).await;
        assert_eq!(bob.texts(1).await, [case.name.as_str()]);
        ada.message().await;
    }
}

#[tokio::test]
async fn a_head_without_an_end_is_refused_and_harms_nobody() {
    let server = server(&[]).await;
    let mut ada = join(&server, "ada", Role::Viewer).await;
    for line in ["X: y\r\n".repeat(20_000), format!("X: {}\r\n", "y".repeat(2_000_000))] {
        let mut stream = TcpStream::connect(server.address().unwrap()).await.unwrap();
        // The server may hang up while this is written.
        let _ = stream.write_all(format!("GET /mqtt HTTP/1.1\r\nHost: x\r\n{line}").as_bytes()).await;
        let mut answer = Vec::new();
        let _ = timeout(PATIENCE, stream.read_to_end(&mut answer)).await.expect("the server answers and hangs up");
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431 "), "{answer}");
        ada.must_say(&text("still here")).await;
    }
}

#[tokio::test]
async fn heads_that_two_programs_may_read_in_different_ways_are_refused() {
    let server = server(&[]).await;
    let upgrade = "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
    let good = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
    let post = "POST /bv/chatroom/v1/chatrooms/tokens:refresh HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n\n\n\n\n";
    for (before, request) in [
        ("", "GET /healthz HTTP/1.1\r\n\r\n".to_owned()),
        ("", "GET /healthz HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n".to_owned()),
        ("", "GET /healthz HTTP/1.1\r\nHost: x\r\nX: y\r\nhost: y\r\n\r\n".to_owned()),
        ("", "GET /healthz HTTP/1.1\r\nHost: x y\r\n\r\n".to_owned()),
        ("", "GET /healthz HTTP/1.1\nHost: x\r\n\r\n".to_owned()),
        ("", "GET /healthz HTTP/1.1\r\nHost: x\n\r\n".to_owned()),
        ("", "GET /healthz HTTP/1.1\nHost: x\n\n".to_owned()),
        (good, "GET /healthz HTTP/1.1\r\nHost: x\n\r\n".to_owned()),
        (post, "GET /healthz HTTP/1.1\nHost: x\r\n\r\n".to_owned()),
        ("", format!("GET /mqtt HTTP/1.1\r\n{upgrade}\r\n")),
        ("", format!("GET /mqtt HTTP/1.1\r\nHost: x\r\nHost: x\r\n{upgrade}\r\n")),
        ("", format!("GET /mqtt HTTP/1.1\r\nHost: x\n{upgrade}\r\n")),
    ] {
        let mut stream = TcpStream::connect(server.address().unwrap()).await.unwrap();
        stream.write_all(format!("{before}{request}").as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("the server hangs up").unwrap();
        let (_, last) = answer.rsplit_once("HTTP/1.1 ").expect("the server answers");
        assert!(last.starts_with("400 "), "{request:?}: {answer}");
    }
    let mut stream = TcpStream::connect(server.address().unwrap()).await.unwrap();
    let chunked =
        "POST /bv/chatroom/v1/chatrooms/tokens:refresh HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let last = "GET /healthz HTTP/1.0\r\n\r\n";
    stream.write_all(format!("\r\n{good}{post}{good}{last}").as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("the last one ends it").unwrap();
    assert_eq!(answer.matches(" 200 OK").count(), 3, "{answer}");
    let mut stream = TcpStream::connect(server.address().unwrap()).await.unwrap();
    stream.write_all(format!("{chunked}2\r\n{{}}\r\n0\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("it is closed").unwrap();
    assert!(answer.starts_with("HTTP/1.1 4") && answer.to_lowercase().contains("connection: close"), "{answer}");
}

/// The type and the reason code of a packet, as the table has them.
fn ends_with(packet: &[u8]) -> String {
    let head = packet[1..].iter().take_while(|byte| **byte & 0x80 != 0).count() + 2;
    let code = if packet[0] == 0x20 { packet[head + 1] } else { packet[head] };
    format!("{:02x} {code:02x}", packet[0])
}

/// A WebSocket by hand, so that a test can send what no library would.
struct Raw {
    stream: TcpStream,
    came: Vec<u8>,
}

/// What a server said until the end.
#[derive(Debug, Default)]
struct Said {
    packets: Vec<Vec<u8>>,
    close: Option<u16>,
}

impl Raw {
    async fn upgraded(server: &RunningServer) -> Self {
        let mut stream = TcpStream::connect(server.address().unwrap()).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let request = "GET /mqtt HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\
                       Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                       Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n";
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(timeout(PATIENCE, stream.read_u8()).await.expect("the server answers").unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        assert!(head.starts_with("http/1.1 101 ") && !head.contains("extensions"), "compression is not spoken: {head}");
        Self { stream, came: Vec::new() }
    }

    /// Is let in as somebody.
    async fn connect(&mut self, server: &RunningServer) {
        let config: Config = config(server, &token(server, "mallory", Role::Viewer).await.token).await;
        let mut role = ClientRole::new();
        let name = UserName::new(user_name::encode(&config.connection).as_str());
        let client_id = config.connection.client_id.as_str();
        role.connect(std::time::Duration::ZERO, ConnectOptions::new(client_id, Some(name)));
        let Some(ClientOutput::Send(packet)) = role.poll_output() else { panic!("a CONNECT can be written") };
        self.send_frame(&packet).await;
        self.packet(&[0x20]).await.expect("a CONNACK");
        self.send_frame(PINGREQ).await;
        self.packet(PINGRESP).await.expect("it is let in");
    }

    async fn send(&mut self, bytes: &[u8]) {
        // The server may hang up while this is written.
        let _ = self.stream.write_all(bytes).await;
    }

    /// Sends one binary frame, masked with zeros.
    async fn send_frame(&mut self, payload: &[u8]) {
        let length = u16::try_from(payload.len()).expect("a test's packet is short").to_be_bytes();
        self.send(&[&[0x82, 0xFE, length[0], length[1], 0, 0, 0, 0], payload].concat()).await;
    }

    /// Waits for a packet that begins so.
    async fn packet(&mut self, start: &[u8]) -> Result<(), Said> {
        let mut said = Said::default();
        while let Some((opcode, payload)) = self.frame().await {
            match opcode {
                0x2 if payload.starts_with(start) => return Ok(()),
                0x2 => said.packets.push(payload),
                0x8 => said.close = code(&payload),
                _ => {}
            }
        }
        Err(said)
    }

    /// All that comes until the server hangs up.
    async fn rest(&mut self) -> Said {
        match self.packet(&[0xFF]).await {
            Ok(()) => panic!("no packet begins so"),
            Err(said) => said,
        }
    }

    /// The next frame: its opcode and its payload.
    async fn frame(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some((opcode, start, end)) = whole(&self.came) {
                let payload = self.came[start..end].to_vec();
                self.came.drain(..end);
                return Some((opcode, payload));
            }
            let mut buffer = [0; 4096];
            let read = timeout(PATIENCE, self.stream.read(&mut buffer)).await.expect("the server says something");
            match read {
                Ok(count @ 1..) => self.came.extend(&buffer[..count]),
                Ok(0) | Err(_) => return None,
            }
        }
    }
}

/// Where the first frame's payload stands, once it is whole: a server does not mask.
fn whole(came: &[u8]) -> Option<(u8, usize, usize)> {
    let (start, length) = match *came.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes([*came.get(2)?, *came.get(3)?]))),
        127 => panic!("a test's answer is short"),
        length => (2, usize::from(length)),
    };
    (came.len() >= start + length).then_some((came[0] & 0x0F, start, start + length))
}

fn code(payload: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes([*payload.first()?, *payload.get(1)?]))
}

/// A client that is harmed by nothing: it is let in, and it hears itself.
#[tokio::test]
async fn credentials_that_nobody_should_send_are_refused_in_few_words() {
    let server = server(&[("rate.viewer", "100000")]).await;
    let good = config(&server, &token(&server, "ada", Role::Viewer).await.token).await;
    let name = user_name::encode(&good.connection).to_string();
    for hostile in [
        String::new(),
        "?".to_owned(),
        format!("{name}&x-token=another"),
        format!("{name}%"),
        name.replace("x-token=", "X-TOKEN="),
        name.replace('%', "%25"),
        format!("?x-token={}", "A".repeat(9_000)),
        "&".repeat(9_000),
    ] {
        let change = |options: &mut ConnectOptions| options.user_name = Some(UserName::new(hostile.as_str()));
        let (_, answer) = Client::try_connect(&server, &good, change).await;
        let refused = [ReasonCode::BAD_CREDENTIALS, ReasonCode::NOT_AUTHORIZED];
        assert!(answer.as_ref().is_err_and(|reason| refused.contains(reason)), "{answer:?}");
    }
    Client::connect(&server, &good).await;
}
