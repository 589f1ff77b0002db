//! A link over the network: TCP, TLS, WebSocket (docs/protocol.md, section A.2).

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use chatroom_session::{LinkError, TlsFault};
use chatroom_wire::{LinkUrl, SafeText};
use futures_util::{Sink, SinkExt, Stream, StreamExt};
use jiff::Timestamp;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{
    WebSocketStream, client_async_with_config,
    tungstenite::{
        self, Message,
        client::IntoClientRequest,
        error::{ProtocolError, SubProtocolError},
        http::{HeaderValue, header::SEC_WEBSOCKET_PROTOCOL},
        protocol::WebSocketConfig,
    },
};

use super::{
    Network,
    dial::{address, dial, plain},
    tunnel,
};
use crate::{clock_skew::ClockSkew, http::retry_after, link::Connection, proxy::Hop, tls};

/// No server sends more in one piece: a packet of 128 KiB, and as much again for other services' habits.
const MESSAGE_MAX: usize = 256 << 10;
/// What is read and gathered for writing at once. The library's default is 128 KiB for each.
const BUFFER: usize = 4 << 10;
/// The most that waits in the WebSocket for a peer that does not read: more than the largest message of ours. Where a pong
/// finds no room, it waits, and replaces the one that waits already.
const WAITING_MAX: usize = 256 << 10;

impl Network {
    /// Opens a link. Takes as long as it takes: the core sets the deadline, and drops it.
    pub(super) async fn open(self, url: LinkUrl) -> Result<Pin<Box<dyn Connection>>, LinkError> {
        let host = url.endpoint.host();
        if !url.secure && !self.plaintext && !url.endpoint.is_loopback() {
            return Err(LinkError::Plaintext(url.to_string()));
        }
        match self.proxy.hop(url.secure, host) {
            Ok(Some(hop)) => {
                let stream = self.through(hop, &url).await?;
                self.connect(&url, stream).await
            }
            Ok(None) => {
                let tcp = dial(host, url.port(), !url.secure && !self.plaintext).await?;
                self.connect(&url, tcp).await
            }
            // Each try would end so.
            Err(error) => Err(LinkError::Proxy { status: Some(400), problem: error.to_string() }),
        }
    }

    /// A way to the other side through a proxy.
    async fn through(&self, hop: &Hop, url: &LinkUrl) -> Result<Box<dyn Bytestream>, LinkError> {
        let failed = |problem| LinkError::Proxy { status: None, problem: format!("the proxy {hop} {problem}") };
        let tcp = dial(hop.host(), hop.port(), false).await.map_err(|error| match error {
            LinkError::NotFound { problem, .. } => failed(format!("was not found: {problem}")),
            LinkError::Unreachable { problem, .. } => failed(format!("can't be reached: {problem}")),
            other => other,
        })?;
        let mut stream: Box<dyn Bytestream> = if hop.is_secure() {
            Box::new(secure(hop.host(), hop.port(), Arc::clone(&self.tls), tcp).await?)
        } else {
            Box::new(tcp)
        };
        tunnel::open(hop, &mut stream, url.endpoint.host(), url.port()).await?;
        Ok(stream)
    }

    /// TLS, where the URL asks for it, and WebSocket.
    async fn connect<S: Bytestream + 'static>(
        &self,
        url: &LinkUrl,
        stream: S,
    ) -> Result<Pin<Box<dyn Connection>>, LinkError> {
        if url.secure {
            let stream = secure(url.endpoint.host(), url.port(), Arc::clone(&self.tls), stream).await?;
            Ok(Box::pin(upgrade(url, stream, &self.clock).await?))
        } else {
            Ok(Box::pin(upgrade(url, stream, &self.clock).await?))
        }
    }
}

/// A stream of bytes in both directions.
trait Bytestream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Bytestream for S {}

async fn secure<S: Bytestream>(
    host: &str,
    port: u16,
    config: Arc<ClientConfig>,
    stream: S,
) -> Result<TlsStream<S>, LinkError> {
    let failed = |(fault, problem)| LinkError::Tls { host: address(host, port), fault, problem };
    let name = ServerName::try_from(host.to_owned())
        .map_err(|_| failed((TlsFault::WrongName, "no certificate can be for such a name".to_owned())))?;
    TlsConnector::from(config).connect(name, stream).await.map_err(|error| {
        failed(tls::fault(&error).unwrap_or_else(|| {
            let problem = match error.kind() {
                io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
                    "it closed the connection during the handshake".to_owned()
                }
                _ => plain(&error),
            };
            (TlsFault::Other, problem)
        }))
    })
}

async fn upgrade<S: Bytestream>(url: &LinkUrl, stream: S, clock: &ClockSkew) -> Result<WebSocketLink<S>, LinkError> {
    let mut request = url.to_string().into_client_request().map_err(ended)?;
    request.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static("mqtt"));
    match client_async_with_config(request, stream, Some(limits())).await {
        Ok((websocket, answer)) => {
            clock.learn(answer.headers(), Timestamp::now());
            Ok(WebSocketLink::new(websocket))
        }
        Err(tungstenite::Error::Http(answer)) => {
            clock.learn(answer.headers(), Timestamp::now());
            Err(LinkError::Upgrade {
                status: answer.status().as_u16(),
                retry_after: retry_after(answer.headers(), Timestamp::now()),
            })
        }
        Err(error) => Err(ended(error)),
    }
}

fn limits() -> WebSocketConfig {
    WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .write_buffer_size(BUFFER)
        .max_write_buffer_size(WAITING_MAX)
        .max_message_size(Some(MESSAGE_MAX))
        .max_frame_size(Some(MESSAGE_MAX))
}

/// A WebSocket whose binary messages are MQTT.
struct WebSocketLink<S> {
    websocket: WebSocketStream<S>,
    /// A message for which pongs left no room.
    waiting: Option<Message>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocketLink<S> {
    fn new(websocket: WebSocketStream<S>) -> Self {
        Self { websocket, waiting: None }
    }

    /// Makes room for the message that waits, and hands it on.
    fn poll_waiting(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        if self.waiting.is_some() {
            ready!(self.websocket.poll_flush_unpin(cx)).map_err(ended)?;
        }
        Poll::Ready(match self.waiting.take() {
            Some(message) => self.websocket.start_send_unpin(message).map_err(ended),
            None => Ok(()),
        })
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Stream for WebSocketLink<S> {
    type Item = Result<Bytes, LinkError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(self.websocket.poll_next_unpin(cx)) {
                Some(Ok(Message::Binary(bytes))) => return Poll::Ready(Some(Ok(bytes))),
                Some(Ok(Message::Text(_))) => {
                    let problem = "it sends text, and MQTT is binary".to_owned();
                    return Poll::Ready(Some(Err(LinkError::NotMqtt(problem))));
                }
                // Pings are answered by the library as they are read.
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Close(frame))) => {
                    tracing::debug!(code = ?frame.map(|frame| frame.code), "the server closed the WebSocket");
                    return Poll::Ready(None);
                }
                Some(Err(error)) => return Poll::Ready(Some(Err(ended(error)))),
                None => return Poll::Ready(None),
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Sink<Bytes> for WebSocketLink<S> {
    type Error = LinkError;

    fn poll_ready(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        ready!(self.poll_waiting(cx))?;
        self.websocket.poll_ready_unpin(cx).map_err(ended)
    }

    fn start_send(mut self: Pin<&mut Self>, bytes: Bytes) -> Result<(), LinkError> {
        match self.websocket.start_send_unpin(Message::Binary(bytes)) {
            Err(tungstenite::Error::WriteBufferFull(message)) => {
                self.waiting = Some(*message);
                Ok(())
            }
            result => result.map_err(ended),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        ready!(self.poll_waiting(cx))?;
        self.websocket.poll_flush_unpin(cx).map_err(ended)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        ready!(self.poll_waiting(cx))?;
        self.websocket.poll_close_unpin(cx).map_err(ended)
    }
}

/// Why a WebSocket could not be opened, or has ended.
fn ended(error: tungstenite::Error) -> LinkError {
    use tungstenite::Error;
    match error {
        Error::ConnectionClosed | Error::AlreadyClosed => LinkError::Closed,
        Error::Io(error) => match error.kind() {
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => LinkError::Closed,
            _ => LinkError::Broken(tls::fault(&error).map_or_else(|| plain(&error), |(_, problem)| problem)),
        },
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake | ProtocolError::HandshakeIncomplete) => {
            LinkError::Closed
        }
        Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(SubProtocolError::NoSubProtocol)) => {
            LinkError::NotMqtt("it does not agree to speak mqtt in the WebSocket".to_owned())
        }
        Error::Protocol(ProtocolError::SecWebSocketSubProtocolError(_)) => {
            LinkError::NotMqtt("it wants to speak something else than mqtt in the WebSocket".to_owned())
        }
        Error::Protocol(ProtocolError::HttparseError(_) | ProtocolError::WrongHttpVersion) => {
            LinkError::NotMqtt("it does not answer in HTTP/1.1".to_owned())
        }
        Error::Capacity(_) => LinkError::Broken(format!("it sends more than {} KiB at once", MESSAGE_MAX >> 10)),
        Error::Url(_) | Error::HttpFormat(_) => LinkError::NotMqtt("its URL can't be asked for".to_owned()),
        other => LinkError::Broken(SafeText::log(&other.to_string()).into_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        future::{poll_fn, ready},
        task::Poll,
    };

    use chatroom_testkit::within;
    use tokio::{
        io::{DuplexStream, duplex},
        time::{Duration, Instant},
    };
    use tokio_tungstenite::tungstenite::protocol::Role;

    use super::*;
    use crate::link::{self, Link, LinkNews};

    /// An open link, and its other end. The pipe between them holds 64 bytes.
    async fn pipe() -> (Link, WebSocketStream<DuplexStream>) {
        let (ours, theirs) = duplex(64);
        let ours = WebSocketStream::from_raw_socket(ours, Role::Client, Some(limits())).await;
        let connection: Pin<Box<dyn Connection>> = Box::pin(WebSocketLink::new(ours));
        let mut link = Link::open(Box::pin(ready(Ok(connection))));
        assert!(matches!(news(&mut link).await, LinkNews::Opened));
        (link, WebSocketStream::from_raw_socket(theirs, Role::Server, None).await)
    }

    async fn news(link: &mut Link) -> LinkNews {
        poll_fn(|cx| link.poll_news(cx)).await
    }

    #[tokio::test]
    async fn a_peer_that_does_not_read_does_not_keep_us_from_reading() {
        let (mut link, mut peer) = pipe().await;
        link.send(vec![7; 100_000].into());
        poll_fn(|cx| {
            link.write(cx);
            Poll::Ready(())
        })
        .await;
        peer.send(Message::binary("news")).await.unwrap();
        let LinkNews::Received(bytes) = news(&mut link).await else { panic!() };
        assert_eq!(bytes, "news");
        let (told, received) = tokio::join!(within("news", news(&mut link)), async {
            let message = peer.next().await.unwrap().unwrap();
            peer.send(Message::binary("thanks")).await.unwrap();
            message
        });
        assert!(matches!(told, LinkNews::Received(bytes) if bytes == "thanks"));
        assert_eq!(received, Message::binary(vec![7; 100_000]), "it is written on while we wait for news");
    }

    #[tokio::test]
    async fn a_peer_that_takes_no_answers_is_not_read_until_it_takes_them() {
        let (mut link, mut peer) = pipe().await;
        // The WebSocket's own buffer takes some of them.
        for _ in 0..link::QUEUE + 1_000 {
            link.send(vec![7; 4].into());
        }
        peer.send(Message::binary("news")).await.unwrap();
        let told = poll_fn(|cx| Poll::Ready(link.poll_news(cx))).await;
        assert!(told.is_pending(), "{told:?}");
        let told = tokio::select! {
            told = within("news", news(&mut link)) => told,
            () = async { while let Some(Ok(_)) = peer.next().await {} } => panic!("the link has ended"),
        };
        assert!(matches!(told, LinkNews::Received(bytes) if bytes == "news"));
    }

    #[tokio::test]
    async fn answers_to_a_flood_of_pings_stay_within_a_bound_and_leave_room_for_messages() {
        const PINGS: usize = 20_000;
        let (mut link, mut peer) = pipe().await;
        let flood = async {
            for _ in 0..PINGS {
                peer.feed(Message::Ping(vec![7; 125].into())).await.unwrap();
            }
            peer.send(Message::binary("news")).await.unwrap();
        };
        let (told, ()) = tokio::join!(within("the end of the flood", news(&mut link)), flood);
        assert!(matches!(told, LinkNews::Received(bytes) if bytes == "news"));
        link.send(vec![8; 100_000].into());
        let goodbye = link.hang_up().expect("the link is open");
        let ((), (pongs, messages)) = tokio::join!(goodbye, async {
            let (mut pongs, mut messages) = (0, 0);
            while let Some(Ok(message)) = peer.next().await {
                match message {
                    Message::Pong(_) => pongs += 1,
                    Message::Binary(bytes) => messages += usize::from(bytes == vec![8; 100_000]),
                    _ => {}
                }
            }
            (pongs, messages)
        });
        assert_eq!(messages, 1, "a message of our own finds room");
        assert!(pongs > 0 && pongs <= WAITING_MAX / 125, "{pongs} pongs waited");
    }

    #[tokio::test(start_paused = true)]
    async fn a_goodbye_to_a_peer_that_does_not_read_is_given_up_after_two_seconds() {
        let (mut link, _peer) = pipe().await;
        link.send(vec![7; 100_000].into());
        let then = Instant::now();
        link.hang_up().expect("the link is open").await;
        assert_eq!(then.elapsed(), Duration::from_secs(2));
    }

    #[tokio::test]
    async fn what_waits_is_written_before_the_goodbye() {
        let (mut link, mut peer) = pipe().await;
        link.send(vec![7; 1000].into());
        let goodbye = link.hang_up().expect("the link is open");
        let ((), messages) = tokio::join!(goodbye, async {
            let mut messages = Vec::new();
            while let Some(Ok(message)) = peer.next().await {
                messages.push(message);
            }
            messages
        });
        assert_eq!(messages, [Message::binary(vec![7; 1000]), Message::Close(None)]);
        assert!(link.hang_up().is_none(), "once is enough");
    }
}
