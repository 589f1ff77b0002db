//! An HTTP proxy that is asked by CONNECT, and leads to this machine whatever host it is asked for.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use crate::endpoint::{Endpoint, Link};

/// A running proxy; it ends when this is dropped.
#[derive(Debug)]
pub struct ConnectProxy {
    endpoint: Endpoint,
    asked: Arc<Mutex<Vec<String>>>,
}

impl ConnectProxy {
    /// Lets through whoever sends this `Proxy-Authorization`, or everybody.
    ///
    /// # Cancel safety
    /// Nothing listens if it is dropped.
    pub async fn start(authorization: Option<&'static str>) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let hears = Arc::clone(&asked);
        let endpoint = Endpoint::start(None, move |link| serve(link, authorization, Arc::clone(&hears))).await;
        Self { endpoint, asked }
    }

    /// Host and port where it listens.
    pub fn address(&self) -> String {
        self.endpoint.address().to_string()
    }

    /// The hosts that it was asked for, with their ports, those that it refused too.
    ///
    /// # Panics
    /// Never.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panics with it").clone()
    }
}

async fn serve(mut link: Link, authorization: Option<&'static str>, asked: Arc<Mutex<Vec<String>>>) {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        match link.read_u8().await {
            Ok(byte) => head.push(char::from(byte)),
            Err(_) => return,
        }
    }
    let target = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).unwrap_or_default().to_owned();
    asked.lock().expect("nobody panics with it").push(target.clone());
    let known = authorization.is_none_or(|wanted| {
        let mut fields = head.lines().filter_map(|field| field.split_once(": "));
        fields.any(|(name, value)| name.eq_ignore_ascii_case("proxy-authorization") && value == wanted)
    });
    let port = target.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    let refusal = match (known, port) {
        (false, _) => "407 Proxy Authentication Required",
        (true, None) => "405 Method Not Allowed",
        (true, Some(port)) => match TcpStream::connect(("127.0.0.1", port)).await {
            Ok(mut service) => {
                if link.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.is_ok() {
                    drop(copy_bidirectional(&mut link, &mut service).await);
                }
                return;
            }
            Err(_) => "502 Bad Gateway",
        },
    };
    let answer = format!("HTTP/1.1 {refusal}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    if link.write_all(answer.as_bytes()).await.is_ok() {
        drop(link.shutdown().await);
    }
}
