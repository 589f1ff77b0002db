//! How many deliveries a second one server makes, and what an idle connection costs.
//!
//! `cargo run --release -p chatroom-server --example deliveries -- [LISTENERS] [SENDERS] [SECONDS]`
//!
//! Server and clients share this process and its processors. The listeners only count; their work is part of the bill.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "its output is the measurement")]

use std::{
    error::Error,
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use chatroom_mqtt::{ClientEvent, ClientOutput, ClientRole, ConnectOptions, QoS, UserName};
use chatroom_server::{Options, RunningServer, Server};
use chatroom_wire::{
    Config,
    rest::{CreateToken, PREFIX, Role},
    user_name,
};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest as _, protocol::WebSocketConfig},
};

type Failure = Box<dyn Error + Send + Sync>;

/// How many messages a sender leaves unacknowledged.
const WINDOW: usize = 90;

/// What all count together.
#[derive(Debug, Default)]
struct Counts {
    heard: AtomicU64,
    said: AtomicU64,
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut numbers = std::env::args().skip(1).map(|text| text.parse::<usize>());
    let mut next = |default| numbers.next().unwrap_or(Ok(default));
    let (listeners, senders, seconds) = (next(1000)?, next(8)?, next(10)?);

    let mut options = Options::ephemeral();
    options.tls_listen = None;
    options.settings.set("rate.admin", "1000000")?;
    options.settings.set("entrance.max_viewers", "0")?;
    let server = Server::start(options).await?;
    let counts = Arc::new(Counts::default());

    let before = memory()?;
    for number in 0..listeners {
        let mut client = Client::join(&server, &format!("listener {number}"), Role::Viewer).await?;
        let counts = Arc::clone(&counts);
        tokio::spawn(async move { client.listen(&counts).await });
    }
    let cost = memory()?.saturating_sub(before) / u64::try_from(listeners.max(1))?;
    println!("{listeners} idle connections: {cost} bytes each, both ends together");

    for number in 0..senders {
        let mut client = Client::join(&server, &format!("sender {number}"), Role::Admin).await?;
        let counts = Arc::clone(&counts);
        tokio::spawn(async move { client.send(&counts).await });
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (began, heard, said) =
        (Instant::now(), counts.heard.load(Ordering::Relaxed), counts.said.load(Ordering::Relaxed));
    tokio::time::sleep(Duration::from_secs(u64::try_from(seconds)?)).await;
    let took = began.elapsed().as_millis().max(1);
    let rate = |from: u64, to: u64| u128::from(to - from) * 1000 / took;
    println!(
        "{senders} senders: {} messages a second acknowledged, {} deliveries a second, {} of {} still connected",
        rate(said, counts.said.load(Ordering::Relaxed)),
        rate(heard, counts.heard.load(Ordering::Relaxed)),
        server.connections(),
        listeners + senders,
    );
    server.shutdown().await;
    Ok(())
}

/// The resident memory of this process, in bytes.
fn memory() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
}

struct Client {
    socket: WebSocketStream<TcpStream>,
    role: ClientRole,
    origin: Instant,
    topic: String,
}

impl Client {
    async fn join(server: &RunningServer, subject: &str, role: Role) -> Result<Self, Failure> {
        let request = CreateToken { role, subject: Some(subject.to_owned()), ..CreateToken::default() };
        let token = server.create_token(server.room_id(), request).await?.token;
        let address = server.address().ok_or("no address")?;
        let mut stream = TcpStream::connect(address).await?;
        let request = format!(
            "GET {PREFIX}/chatrooms/config HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
            token.expose()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        let (_, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
        let config = Config::from_json(body.as_bytes())?;

        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let mut request = config.link_url().to_string().into_client_request()?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", "mqtt".parse()?);
        let buffers = WebSocketConfig::default().read_buffer_size(4096);
        let (socket, _) = client_async_with_config(request, stream, Some(buffers)).await?;
        let topic = config.topic.publish.to_string();
        let mut client = Self { socket, role: ClientRole::new(), origin: Instant::now(), topic };
        let name = UserName::new(user_name::encode(&config.connection).as_str());
        client.role.connect(Duration::ZERO, ConnectOptions::new(config.connection.client_id.as_str(), Some(name)));
        loop {
            match client.event().await? {
                ClientEvent::Connected(_) => {
                    client.role.subscribe(client.origin.elapsed(), config.topic.subscribe.as_str(), QoS::AtMostOnce)?;
                }
                ClientEvent::Subscribed { .. } => return Ok(client),
                ClientEvent::Delivery(_) => {}
                other => return Err(format!("{other:?}").into()),
            }
        }
    }

    /// Counts messages by the numbers on each packet, without reading the JSON.
    async fn listen(&mut self, counts: &Counts) -> Result<(), Failure> {
        loop {
            if let ClientEvent::Delivery(delivery) = self.event().await? {
                let number = |name| delivery.user_properties.iter().find(|(key, _)| key == name)?.1.parse::<u64>().ok();
                let messages = number("seq").zip(number("prev")).map_or(0, |(seq, prev)| seq - prev);
                counts.heard.fetch_add(messages, Ordering::Relaxed);
            }
        }
    }

    async fn send(&mut self, counts: &Counts) -> Result<(), Failure> {
        let payload = r#"{"type":"INTERACTION_TYPE_TEXT","user":{"custom_name":"me"},"text_message":{"text":"a line as people write it in a chat"}}"#;
        loop {
            while self.role.in_flight() < WINDOW && self.role.send_quota() > 0 {
                self.role.publish(self.origin.elapsed(), &self.topic, payload.as_bytes(), QoS::AtLeastOnce)?;
            }
            if let ClientEvent::Acknowledged { .. } = self.event().await? {
                counts.said.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    async fn event(&mut self) -> Result<ClientEvent, Failure> {
        loop {
            let mut bytes = Vec::new();
            while let Some(output) = self.role.poll_output() {
                match output {
                    ClientOutput::Send(packet) => bytes.extend_from_slice(&packet),
                    ClientOutput::Event(event) => {
                        self.flush(bytes).await?;
                        return Ok(event);
                    }
                    ClientOutput::Close(cause) => return Err(cause.into()),
                }
            }
            self.flush(bytes).await?;
            match self.socket.next().await.ok_or("closed")?? {
                Message::Binary(packet) => self.role.receive(self.origin.elapsed(), &packet),
                other => return Err(format!("{other:?}").into()),
            }
        }
    }

    async fn flush(&mut self, bytes: Vec<u8>) -> Result<(), Failure> {
        if !bytes.is_empty() {
            self.socket.send(Message::Binary(Bytes::from(bytes))).await?;
        }
        Ok(())
    }
}
