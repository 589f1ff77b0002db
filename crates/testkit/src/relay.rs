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
