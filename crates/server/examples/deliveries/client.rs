//! A client that does no more than it must: the client role of MQTT on somebody else's WebSocket.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use bytes::Bytes;
use chatroom_mqtt::{ClientEvent, ClientOutput, ClientRole, ConnectOptions, Delivery, PacketId, QoS, UserName};
use chatroom_server::RunningServer;
use chatroom_wire::{
    Config, Token,
    rest::{CreateToken, PREFIX, Role},
    user_name,
};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{Message, client::IntoClientRequest as _, protocol::WebSocketConfig},
};

use crate::Failure;

/// A client with one link.
pub(crate) struct Client<S = TcpStream> {
    socket: WebSocketStream<S>,
    role: ClientRole,
    origin: Instant,
    publish: String,
    subscribe: String,
}

impl Client {
    /// Somebody who has joined a server of this process.
    pub(crate) async fn join(server: &RunningServer, subject: &str, role: Role) -> Result<Self, Failure> {
        Self::join_with_buffer(server, subject, role, None).await
    }

    /// The same, with so much buffer for what is not read yet.
    pub(crate) async fn join_with_buffer(
        server: &RunningServer,
        subject: &str,
        role: Role,
        buffer: Option<u32>,
    ) -> Result<Self, Failure> {
        let request = CreateToken { role, subject: Some(subject.to_owned()), ..CreateToken::default() };
        let token = server.create_token(server.room_id(), request).await?.token;
        let address = server.address().ok_or("no address")?;
        let config = config(address, &token).await?;
        let socket = TcpSocket::new_v4()?;
        if let Some(buffer) = buffer {
            socket.set_recv_buffer_size(buffer)?;
        }
        let mut client = Self::connect(socket.connect(address).await?, &config).await?;
        client.listen().await?;
        Ok(client)
    }
}

/// What a config call answers.
pub(crate) async fn config(address: SocketAddr, token: &Token) -> Result<Config, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!(
        "GET {PREFIX}/chatrooms/config HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
        token.expose()
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let (_, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    Ok(Config::from_json(body.as_bytes())?)
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    /// Upgrades a stream, and connects. Done once CONNACK is here.
    pub(crate) async fn connect(stream: S, config: &Config) -> Result<Self, Failure> {
        let mut request = config.link_url().to_string().into_client_request()?;
        request.headers_mut().insert("Sec-WebSocket-Protocol", "mqtt".parse()?);
        let buffers = WebSocketConfig::default().read_buffer_size(4096);
        let (socket, _) = client_async_with_config(request, stream, Some(buffers)).await?;
        let (publish, subscribe) = (config.topic.publish.to_string(), config.topic.subscribe.to_string());
        let mut client = Self { socket, role: ClientRole::new(), origin: Instant::now(), publish, subscribe };
        let name = UserName::new(user_name::encode(&config.connection).as_str());
        client.role.connect(Duration::ZERO, ConnectOptions::new(config.connection.client_id.as_str(), Some(name)));
        match client.event().await? {
            ClientEvent::Connected(_) => Ok(client),
            other => Err(format!("{other:?}").into()),
        }
    }

    async fn listen(&mut self) -> Result<(), Failure> {
        self.role.subscribe(self.origin.elapsed(), &self.subscribe, QoS::AtMostOnce)?;
        while !matches!(self.event().await?, ClientEvent::Subscribed { .. }) {}
        Ok(())
    }

    /// How many more messages may be left unacknowledged.
    pub(crate) fn may_publish(&self, window: usize) -> bool {
        self.role.in_flight() < window && self.role.send_quota() > 0
    }

    /// Says a text; it leaves with the next event.
    pub(crate) fn say(&mut self, text: &str) -> Result<Option<PacketId>, Failure> {
        let payload = format!(
            r#"{{"type":"INTERACTION_TYPE_TEXT","user":{{"custom_name":"me"}},"text_message":{{"text":"{text}"}}}}"#
        );
        Ok(self.role.publish(self.origin.elapsed(), &self.publish, payload.as_bytes(), QoS::AtLeastOnce)?)
    }

    /// The next fact.
    pub(crate) async fn event(&mut self) -> Result<ClientEvent, Failure> {
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

/// The numbers of the stored messages in a delivery: the one before the first, and the last.
pub(crate) fn numbers(delivery: &Delivery) -> Option<(u64, u64)> {
    let number = |name| delivery.user_properties.iter().find(|(key, _)| key == name)?.1.parse::<u64>().ok();
    number("prev").zip(number("seq"))
}
