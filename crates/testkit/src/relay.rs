//! Relays that put TLS, or TLS and WebSocket, before a broker that others wrote.

use std::net::SocketAddr;
use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

use crate::endpoint::{Endpoint, Link};
use crate::scripted::accept_websocket;

/// Takes TLS off and passes the bytes to `backend`, which speaks WebSocket itself.
///
/// # Cancel safety
/// Nothing listens if it is dropped.
pub async fn tls(config: Arc<ServerConfig>, backend: SocketAddr) -> Endpoint {
    Endpoint::start(Some(config), move |mut link: Link| async move {
        if let Ok(mut broker) = dial(backend).await {
            // Whichever side fails first ends both; a test sees it in what the client says.
            drop(copy_bidirectional(&mut link, &mut broker).await);
        }
    })
    .await
}

/// Takes TLS and WebSocket off: binary frames to the bytes of `backend`, which speaks MQTT on TCP, and back.
///
/// # Cancel safety
/// Nothing listens if it is dropped.
pub async fn tls_websocket(config: Arc<ServerConfig>, backend: SocketAddr) -> Endpoint {
    Endpoint::start(Some(config), move |link: Link| async move {
        if let (Some(websocket), Ok(broker)) = (accept_websocket(link).await, dial(backend).await) {
            pass(websocket, broker).await;
        }
    })
    .await
}

async fn dial(backend: SocketAddr) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(backend).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Ends when either side ends.
async fn pass(websocket: WebSocketStream<Link>, broker: TcpStream) {
    let (mut to_client, mut from_client) = websocket.split();
    let (mut from_broker, mut to_broker) = broker.into_split();
    let up = async {
        while let Some(Ok(message)) = from_client.next().await {
            match message {
                Message::Binary(bytes) if to_broker.write_all(&bytes).await.is_ok() => {}
                Message::Ping(_) | Message::Pong(_) => {}
                _ => return,
            }
        }
    };
    let down = async {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(length @ 1..) = from_broker.read(&mut buffer).await {
            if to_client.send(Message::binary(buffer[..length].to_vec())).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = up => {}
        () = down => {}
    }
    drop(to_client.close().await);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certs::{Certs, Leaf};
    use crate::dial::{self, CONNECT};
    use crate::mosquitto::Mosquitto;
    use crate::scripted::Script;

    #[tokio::test]
    async fn a_tcp_broker_is_reached_over_tls_and_websocket() {
        let certs = Certs::new();
        let broker = Mosquitto::start().await;
        reaches_a_broker(&certs, tls_websocket(certs.server(Leaf::Good), broker.address()).await).await;
    }

    #[tokio::test]
    async fn a_websocket_broker_is_reached_over_tls() {
        let certs = Certs::new();
        let broker = Script::default().start(None).await;
        reaches_a_broker(&certs, tls(certs.server(Leaf::Good), broker.address()).await).await;
        assert_eq!(broker.record().first_packet(0).await, CONNECT);
    }

    #[tokio::test]
    async fn a_bad_certificate_is_refused_by_a_client_that_looks() {
        let certs = Certs::new();
        for leaf in [Leaf::Expired, Leaf::WrongHost, Leaf::UnknownAuthority, Leaf::SelfSigned] {
            let endpoint = Script::default().start(Some(certs.server(leaf))).await;
            assert!(dial::tls(&endpoint, &certs).await.is_err(), "{leaf:?}");
            assert_eq!(endpoint.record().connections(), 1);
        }
    }

    async fn reaches_a_broker(certs: &Certs, relay: Endpoint) {
        let mut websocket = dial::websocket(&relay, certs).await.unwrap();
        let connack = dial::exchange(&mut websocket, CONNECT).await.unwrap();
        assert_eq!((connack[0], connack[3]), (0x20, 0), "no CONNACK of success: {connack:02x?}");
        assert_eq!(relay.record().first_packet(0).await, CONNECT);
        let upgrade = relay.record().upgrade(0).await;
        assert_eq!(upgrade.target(), "/mqtt");
        assert_eq!(upgrade.header("sec-websocket-protocol"), Some("mqtt"));
    }
}
