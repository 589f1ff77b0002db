//! The request for a WebSocket, and other answers to it.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

use crate::endpoint::Link;

/// Agrees to a WebSocket and to the subprotocol `mqtt`; nothing if the client asks for neither.
///
/// # Cancel safety
/// The connection is lost if it is dropped.
pub async fn accept_websocket(link: Link) -> Option<WebSocketStream<Link>> {
    accept_hdr_async(link, agree).await.ok()
}

#[expect(clippy::result_large_err, clippy::unnecessary_wraps, reason = "the shape that the WebSocket library asks for")]
fn agree(request: &Request, mut response: Response) -> Result<Response, ErrorResponse> {
    const NAME: &str = "sec-websocket-protocol";
    if let Some(asked) = request.headers().get(NAME).filter(|asked| *asked == "mqtt") {
        response.headers_mut().insert(NAME, asked.clone());
    }
    Ok(response)
}

pub(super) async fn answer(link: &mut Link, status: u16) {
    read_head(link).await;
    let body = "said by the test";
    let head = format!(
        "HTTP/1.1 {status} Scripted\r\ncontent-type: text/plain\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    if link.write_all(head.as_bytes()).await.is_ok() {
        drop(link.shutdown().await);
    }
}

pub(super) async fn read_head(link: &mut Link) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match link.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
}
