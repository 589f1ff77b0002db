//! An MQTT 5 client over WebSocket: the client role of the project's own codec on somebody else's WebSocket.

use std::{collections::VecDeque, time::Instant};

use bytes::Bytes;
use chatroom_mqtt::{
    ClientEvent, ClientOutput, ClientRole, CloseCause, ConnAck, ConnectOptions, PacketId, QoS, ReasonCode, UserName,
    UserProperties,
};
use chatroom_server::RunningServer;
use chatroom_wire::{Config, user_name};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest as _},
};

use super::PATIENCE;

/// A client with one link.
pub(crate) struct Client {
    socket: WebSocketStream<TcpStream>,
    role: ClientRole,
    origin: Instant,
    events: VecDeque<ClientEvent>,
    closed: Option<CloseCause>,
    /// Messages that came and were not looked at yet.
    inbox: VecDeque<Value>,
    /// The numbers of each packet with stored messages: `prev` and `seq`.
    pub(crate) numbers: Vec<(u64, u64)>,
    /// Where the room stood when the client began to listen.
    pub(crate) position: Option<u64>,
    /// The size of each packet's payload, in bytes.
    pub(crate) sizes: Vec<usize>,
    pub(crate) config: Config,
}

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ack {
    Taken,
    Refused { reason: ReasonCode, text: String, retry_after_ms: Option<u64> },
}

impl Client {
    /// Connects with the credentials of this config.
    ///
    /// # Panics
    /// When the server refuses.
    pub(crate) async fn connect(server: &RunningServer, config: &Config) -> Self {
        let (client, answer) = Self::try_connect(server, config, |_| {}).await;
        answer.unwrap_or_else(|refusal| panic!("refused: {refusal:?}"));
        client
    }

    /// Connects with what the test makes of the options; answers the CONNACK, or the reason of the refusal.
    pub(crate) async fn try_connect(
        server: &RunningServer,
        config: &Config,
        change: impl FnOnce(&mut ConnectOptions),
    ) -> (Self, Result<ConnAck, ReasonCode>) {
        let stream = TcpStream::connect(server.address().unwrap()).await.unwrap();
        let mut request = format!("ws://{}/mqtt", server.address().unwrap()).into_client_request().unwrap();
        request.headers_mut().insert("Sec-WebSocket-Protocol", "mqtt".parse().unwrap());
        let (socket, response) = client_async(request, stream).await.unwrap();
        assert_eq!(response.headers()["sec-websocket-protocol"], "mqtt");
        let mut client = Self {
            socket,
            role: ClientRole::new(),
            origin: Instant::now(),
            events: VecDeque::new(),
            closed: None,
            inbox: VecDeque::new(),
            numbers: Vec::new(),
            position: None,
            sizes: Vec::new(),
            config: config.clone(),
        };
        let name = user_name::encode(&config.connection);
        let mut options = ConnectOptions::new(config.connection.client_id.as_str(), Some(UserName::new(name.as_str())));
        change(&mut options);
        client.role.connect(client.origin.elapsed(), options);
        let answer = match client.event().await {
            Some(ClientEvent::Connected(connack)) => Ok(*connack),
            Some(ClientEvent::Refused { reason, .. }) => Err(reason),
            other => panic!("{other:?} is no answer to a CONNECT"),
        };
        (client, answer)
    }

    /// Subscribes to the room's own topic.
    pub(crate) async fn listen(&mut self) {
        let topic = self.config.topic.subscribe.to_string();
        assert_eq!(self.subscribe(&topic).await, Ok(QoS::AtMostOnce));
        while self.position.is_none() {
            let event = self.event().await.expect("the server says where the room stands");
            self.keep(event);
        }
    }

    pub(crate) async fn subscribe(&mut self, topic: &str) -> Result<QoS, ReasonCode> {
        self.role.subscribe(self.origin.elapsed(), topic, QoS::AtLeastOnce).unwrap();
        loop {
            match self.event().await {
                Some(ClientEvent::Subscribed { granted, .. }) => return Ok(granted),
                Some(ClientEvent::SubscribeRefused { reason, .. }) => return Err(reason),
                Some(other) => self.keep(other),
                None => panic!("closed: {:?}", self.closed),
            }
        }
    }

    /// Publishes to the room's own topic and does not wait.
    pub(crate) async fn publish(&mut self, payload: impl AsRef<[u8]>) -> PacketId {
        let topic = self.config.topic.publish.to_string();
        self.publish_to(&topic, payload, QoS::AtLeastOnce).await.expect("QoS 1 has an identifier")
    }

    pub(crate) async fn publish_to(&mut self, topic: &str, payload: impl AsRef<[u8]>, qos: QoS) -> Option<PacketId> {
        let id = self.role.publish(self.origin.elapsed(), topic, payload.as_ref(), qos).unwrap();
        self.flush().await;
        id
    }

    /// Publishes at QoS 0, takes leave and hangs up, all in one write.
    pub(crate) async fn say_and_go(mut self, payload: impl AsRef<[u8]>) {
        let topic = self.config.topic.publish.to_string();
        let now = self.origin.elapsed();
        self.role.publish(now, &topic, payload.as_ref(), QoS::AtMostOnce).unwrap();
        self.role.disconnect(now, ReasonCode::SUCCESS);
        while let Some(output) = self.role.poll_output() {
            if let ClientOutput::Send(bytes) = output {
                self.socket.feed(Message::Binary(bytes)).await.unwrap();
            }
        }
        self.socket.feed(Message::Close(None)).await.unwrap();
        self.socket.flush().await.unwrap();
    }

    /// Publishes and waits for the acknowledgement.
    pub(crate) async fn say(&mut self, payload: &Value) -> Ack {
        let id = self.publish(payload.to_string()).await;
        self.ack(id).await
    }

    /// Publishes what must be taken.
    pub(crate) async fn must_say(&mut self, payload: &Value) {
        assert_eq!(self.say(payload).await, Ack::Taken, "{payload}");
    }

    /// Waits for the acknowledgement of a message.
    pub(crate) async fn ack(&mut self, of: PacketId) -> Ack {
        let kept = self.events.iter().position(|event| {
            matches!(event, ClientEvent::Acknowledged { id } | ClientEvent::PublishRefused { id, .. } if *id == of)
        });
        if let Some(kept) = kept {
            return to_ack(self.events.remove(kept).unwrap());
        }
        loop {
            match self.fresh_event().await {
                Some(event @ (ClientEvent::Acknowledged { id } | ClientEvent::PublishRefused { id, .. }))
                    if id == of =>
                {
                    return to_ack(event);
                }
                Some(other) => self.events.push_back(other),
                None => panic!("closed: {:?}", self.closed),
            }
        }
    }

    /// The next message of the room that is no notice of people coming and going.
    pub(crate) async fn message(&mut self) -> Value {
        loop {
            let message = self.anything().await;
            if !["INTERACTION_TYPE_ENTRANCE", "INTERACTION_TYPE_BROADCAST_UPDATE"]
                .contains(&message["type"].as_str().unwrap())
            {
                return message;
            }
        }
    }

    /// The next message of this type.
    pub(crate) async fn message_of(&mut self, kind: &str) -> Value {
        loop {
            let message = self.anything().await;
            if message["type"] == kind {
                return message;
            }
        }
    }

    /// The texts of the next messages.
    pub(crate) async fn texts(&mut self, count: usize) -> Vec<String> {
        let mut texts = Vec::new();
        while texts.len() < count {
            texts.push(self.message().await["text_message"]["text"].as_str().unwrap().to_owned());
        }
        texts
    }

    /// The next message, whatever it is.
    pub(crate) async fn anything(&mut self) -> Value {
        loop {
            if let Some(message) = self.inbox.pop_front() {
                return message;
            }
            match self.event().await {
                Some(event) => self.keep(event),
                None => panic!("closed: {:?}", self.closed),
            }
        }
    }

    /// Waits until the server ends the link; answers the reason of its DISCONNECT, if it sent one.
    pub(crate) async fn end(&mut self) -> Option<ReasonCode> {
        let mut reason = None;
        while let Some(event) = self.event().await {
            match event {
                ClientEvent::ServerDisconnected { reason: said, .. } => reason = Some(said),
                other => self.keep(other),
            }
        }
        reason
    }

    pub(crate) async fn disconnect(mut self) {
        self.role.disconnect(self.origin.elapsed(), ReasonCode::SUCCESS);
        self.flush().await;
    }

    /// Sends bytes past MQTT.
    pub(crate) async fn raw(&mut self, message: Message) {
        self.socket.send(message).await.unwrap();
    }

    /// The socket itself, for a test that wants to stop reading.
    pub(crate) fn socket(&mut self) -> &mut WebSocketStream<TcpStream> {
        &mut self.socket
    }

    /// The next fact; none once the link has ended.
    pub(crate) async fn event(&mut self) -> Option<ClientEvent> {
        match self.events.pop_front() {
            Some(event) => Some(event),
            None => self.fresh_event().await,
        }
    }

    async fn fresh_event(&mut self) -> Option<ClientEvent> {
        loop {
            while let Some(output) = self.role.poll_output() {
                match output {
                    ClientOutput::Send(bytes) => self.send(bytes).await,
                    ClientOutput::Event(event) => return Some(event),
                    ClientOutput::Close(cause) => self.closed = Some(cause),
                }
            }
            if self.closed.is_some() {
                return None;
            }
            let now = self.origin;
            match timeout(PATIENCE, self.socket.next()).await.expect("the server says something") {
                Some(Ok(Message::Binary(bytes))) => self.role.receive(now.elapsed(), &bytes),
                Some(Ok(Message::Close(_)) | Err(_)) | None => self.role.link_closed(now.elapsed()),
                Some(Ok(other)) => panic!("{other:?} is no binary frame"),
            }
        }
    }

    async fn flush(&mut self) {
        while let Some(output) = self.role.poll_output() {
            match output {
                ClientOutput::Send(bytes) => self.send(bytes).await,
                ClientOutput::Event(event) => self.events.push_back(event),
                ClientOutput::Close(cause) => self.closed = Some(cause),
            }
        }
    }

    async fn send(&mut self, bytes: Bytes) {
        // A link that the server ended shows when it is read.
        let _ = self.socket.send(Message::Binary(bytes)).await;
    }

    fn keep(&mut self, event: ClientEvent) {
        if let ClientEvent::Delivery(delivery) = event {
            assert_eq!(delivery.topic, self.config.topic.subscribe.as_str());
            assert_eq!(delivery.qos, QoS::AtMostOnce);
            let Ok(Value::Array(messages)) = serde_json::from_slice(&delivery.payload) else {
                panic!("the payload is no array");
            };
            let numbers = numbers(&delivery.user_properties);
            if messages.is_empty() {
                let (prev, seq) = numbers.expect("an empty packet says where the room stands");
                assert_eq!(prev, seq);
                self.position = Some(seq);
                return;
            }
            self.numbers.extend(numbers);
            self.sizes.push(delivery.payload.len());
            self.inbox.extend(messages);
        }
    }
}

fn to_ack(event: ClientEvent) -> Ack {
    match event {
        ClientEvent::PublishRefused { reason, text, user_properties, .. } => Ack::Refused {
            reason,
            text: text.unwrap_or_default(),
            retry_after_ms: property(&user_properties, "retry-after-ms"),
        },
        _ => Ack::Taken,
    }
}

fn numbers(properties: &UserProperties) -> Option<(u64, u64)> {
    Some((property(properties, "prev")?, property(properties, "seq")?))
}

fn property(properties: &UserProperties, name: &str) -> Option<u64> {
    properties.iter().find(|(key, _)| key == name).map(|(_, value)| value.parse().unwrap())
}
