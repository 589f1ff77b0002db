//! The few HTTP requests that a test makes itself.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::certs::trusting;
use crate::endpoint::Stream;
use crate::within;

/// An answer of a REST service.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The body; null if there is none.
    pub body: Value,
}

/// A service, such as `https://localhost:8443`, and who speaks to it.
#[derive(Clone)]
pub struct Rest {
    base: String,
    token: String,
    tls: Option<Arc<ClientConfig>>,
}

impl Rest {
    /// Speaks to the service at `base` with a bearer token; `ca_file` is what an `https` base is checked against.
    pub fn new(base: &str, token: &str, ca_file: Option<&Path>) -> Self {
        let authorities = ca_file.map(|path| {
            let certificates = CertificateDer::pem_file_iter(path).expect("the CA file can be read");
            trusting(certificates.map(|certificate| certificate.expect("the CA file is PEM")))
        });
        Self { base: base.trim_end_matches('/').to_owned(), token: token.trim().to_owned(), tls: authorities }
    }

    /// GET of a path.
    ///
    /// # Panics
    /// If there is no answer.
    ///
    /// # Cancel safety
    /// The service may have got the request.
    pub async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    /// POST of a JSON body.
    ///
    /// # Panics
    /// If there is no answer.
    ///
    /// # Cancel safety
    /// The service may have got the request.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.call("POST", path, Some(body)).await
    }

    /// The details of the token's room.
    ///
    /// # Panics
    /// If the service does not give them.
    ///
    /// # Cancel safety
    /// The service may have got the request.
    pub async fn config(&self) -> Value {
        let answer = self.get("/bv/chatroom/v1/chatrooms/config").await;
        assert_eq!(answer.status, 200, "no config: {}", answer.body);
        answer.body
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let (scheme, rest) = self.base.split_once("://").expect("the base has a scheme");
        let (authority, prefix) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let body = body.map(Value::to_string).unwrap_or_default();
        let request = format!(
            "{method} {prefix}{path} HTTP/1.1\r\nhost: {authority}\r\nauthorization: Bearer {}\r\naccept: application/json\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            self.token,
            body.len(),
        );
        let text = within("an HTTP answer", async {
            let stream = TcpStream::connect(authority).await.expect("the service listens");
            let mut stream: Box<dyn Stream> = if scheme == "http" {
                Box::new(stream)
            } else {
                let host = authority.split(':').next().unwrap_or_default().to_owned();
                let name = ServerName::try_from(host).expect("the host is a name");
                let tls = self.tls.clone().expect("an https service needs a CA file");
                Box::new(TlsConnector::from(tls).connect(name, stream).await.expect("the certificate is good"))
            };
            stream.write_all(request.as_bytes()).await.expect("the service reads the request");
            let mut text = Vec::new();
            // A close without close_notify is no loss: the length is checked by the JSON's own end.
            drop(stream.read_to_end(&mut text).await);
            String::from_utf8_lossy(&text).into_owned()
        });
        let text = text.await;
        let (head, body) = text.split_once("\r\n\r\n").expect("the answer has a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("the answer has a status");
        let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        let body = if is_chunked { unchunked(body) } else { body.to_owned() };
        Answer { status, body: serde_json::from_str(&body).unwrap_or(Value::Null) }
    }
}

impl std::fmt::Debug for Rest {
    /// Prints no token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rest").field("base", &self.base).finish_non_exhaustive()
    }
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let Some(chunk) = usize::from_str_radix(size, 16).ok().and_then(|size| rest.get(..size)) else { break };
        whole.push_str(chunk);
        body = rest[chunk.len()..].trim_start_matches("\r\n");
        if chunk.is_empty() {
            break;
        }
    }
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_joined() {
        assert_eq!(unchunked("3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n"), "{\"a\":1}");
    }
}
