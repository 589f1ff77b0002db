//! A client that knows nothing but TLS and WebSocket, for the tests of these parts themselves.

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::certs::Certs;
use crate::endpoint::Endpoint;
use crate::within;

/// CONNECT of MQTT 5: clean start, keep alive 30 s, no properties, client id `a`.
pub(crate) const CONNECT: &[u8] = b"\x10\x0e\x00\x04MQTT\x05\x02\x00\x1e\x00\x00\x01a";

pub(crate) async fn tls(endpoint: &Endpoint, certs: &Certs) -> std::io::Result<TlsStream<TcpStream>> {
    tls_at(endpoint.address(), certs).await
}

pub(crate) async fn tls_at(address: SocketAddr, certs: &Certs) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from("localhost").expect("it is a name");
    within("a TLS handshake", TlsConnector::from(certs.client()).connect(name, stream)).await
}

pub(crate) async fn websocket(
    endpoint: &Endpoint,
    certs: &Certs,
) -> Result<WebSocketStream<TlsStream<TcpStream>>, Error> {
    websocket_at(endpoint.address(), certs).await
}

pub(crate) async fn websocket_at(
    address: SocketAddr,
    certs: &Certs,
) -> Result<WebSocketStream<TlsStream<TcpStream>>, Error> {
    let mut request = format!("wss://localhost:{}/mqtt", address.port()).into_client_request()?;
    request.headers_mut().insert("sec-websocket-protocol", "mqtt".parse().expect("it is a header's value"));
    let stream = tls_at(address, certs).await?;
    let (websocket, _) = within("the answer to the upgrade", Box::pin(client_async(request, stream))).await?;
    Ok(websocket)
}

/// Sends one packet and reads the next binary message; nothing if the other side ends.
pub(crate) async fn exchange(websocket: &mut WebSocketStream<TlsStream<TcpStream>>, packet: &[u8]) -> Option<Vec<u8>> {
    websocket.send(Message::binary(packet.to_vec())).await.expect("the other side reads");
    match within("a message", websocket.next()).await {
        Some(Ok(Message::Binary(bytes))) => Some(bytes.to_vec()),
        _ => None,
    }
}
