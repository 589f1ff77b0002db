//! A REST service whose answers a test decides.

use std::{future::Future, net::SocketAddr};

use chatroom_client::{Rest, Trust};
use chatroom_testkit::{
    endpoint::{Endpoint, Link},
    within,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
};

/// A service that answers as told, and shows what was asked.
pub(crate) struct Service {
    endpoint: Endpoint,
    asked: mpsc::UnboundedReceiver<Asked>,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    /// All of it.
    pub(crate) raw: String,
}

impl Asked {
    /// Verb and target, without the prefix that all calls share.
    pub(crate) fn line(&self) -> String {
        let line = self.raw.lines().next().unwrap_or_default();
        line.replace("/bv/chatroom/v1", "").trim_end_matches(" HTTP/1.1").to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.raw.lines().take_while(|line| !line.is_empty());
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    /// The token.
    pub(crate) fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    pub(crate) fn body(&self) -> &str {
        self.raw.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }

    /// A value of the query; of its encoding only colons matter here.
    pub(crate) fn value(&self, key: &str) -> Option<String> {
        let line = self.line();
        let (_, query) = line.split_once('?')?;
        let mut pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(name, _)| *name == key).map(|(_, value)| value.replace("%3A", ":"))
    }
}

impl Service {
    /// One answer to every request.
    pub(crate) async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(move |_| std::future::ready(answer.clone())).await
    }

    /// One answer to every request, after which 3 s are to be waited.
    pub(crate) async fn json(status: &str, body: &str) -> Self {
        Self::answering(json(status, body)).await
    }

    /// Whatever `answer` answers.
    pub(crate) async fn start<F: Future<Output = Vec<u8>> + Send + 'static>(
        answer: impl Fn(Asked) -> F + Clone + Send + Sync + 'static,
    ) -> Self {
        let (show, asked) = mpsc::unbounded_channel();
        let endpoint = Endpoint::start(None, move |link| {
            let (answer, show) = (answer.clone(), show.clone());
            serve(link, move |asked: Asked| {
                drop(show.send(asked.clone()));
                answer(asked)
            })
        })
        .await;
        Self { endpoint, asked }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.endpoint.address()
    }

    pub(crate) fn connections(&self) -> usize {
        self.endpoint.record().connections()
    }

    pub(crate) fn rest(&self) -> Rest {
        Rest::new(&format!("http://{}/", self.address()), &Trust::new()).expect("the URL is good")
    }

    pub(crate) async fn asked(&mut self) -> Asked {
        within("a call", self.asked.recv()).await.expect("the service runs")
    }

    /// All that was asked since it was looked last.
    pub(crate) fn all_asked(&mut self) -> Vec<Asked> {
        std::iter::from_fn(|| self.asked.try_recv().ok()).collect()
    }
}

/// An answer with a body in JSON.
pub(crate) fn json(status: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\nretry-after: 3\r\nconnection: close\r\n\r\n{body}")
        .into_bytes()
}

/// Reads one request, head and body, and answers.
pub(crate) async fn serve<F: Future<Output = Vec<u8>>>(mut link: Link, answer: impl FnOnce(Asked) -> F) {
    let mut raw = Vec::new();
    while !raw.ends_with(b"\r\n\r\n") {
        let Ok(byte) = link.read_u8().await else { return };
        raw.push(byte);
    }
    let head = String::from_utf8_lossy(&raw).into_owned();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    if link.read_exact(&mut body).await.is_err() {
        return;
    }
    raw.extend(body);
    let answer = answer(Asked { raw: String::from_utf8_lossy(&raw).into_owned() }).await;
    drop(link.write_all(&answer).await);
    drop(link.shutdown().await);
}
