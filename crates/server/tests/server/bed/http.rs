//! One HTTP call over a socket, letter by letter, so that a test can send what no library would.

use chatroom_server::RunningServer;
use chatroom_wire::rest::PREFIX;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use super::PATIENCE;

/// What a call was answered with.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// The gRPC code and the reasons of a refusal.
    pub(crate) fn refusal(&self) -> (i64, Vec<String>) {
        let json = self.json();
        assert!(!json["message"].as_str().unwrap().is_empty());
        let reasons = json["details"].as_array().unwrap().iter();
        (json["code"].as_i64().unwrap(), reasons.map(|detail| detail["reason"].as_str().unwrap().to_owned()).collect())
    }
}

pub(crate) async fn get(server: &RunningServer, path: &str, token: &str) -> Answer {
    call(server, "GET", &format!("{PREFIX}{path}"), &[&bearer(token)], "").await
}

pub(crate) async fn post(server: &RunningServer, path: &str, token: &str, body: &str) -> Answer {
    call(server, "POST", &format!("{PREFIX}{path}"), &[&bearer(token)], body).await
}

pub(crate) fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

/// Calls with these lines in the head, beside those that must be.
pub(crate) async fn call(server: &RunningServer, method: &str, path: &str, lines: &[&str], body: &str) -> Answer {
    let address = server.address().unwrap();
    let host =
        if lines.iter().any(|line| line.starts_with("Host:")) { String::new() } else { format!("Host: {address}\r\n") };
    let lines = lines.iter().fold(String::new(), |head, line| head + line + "\r\n");
    let request = format!(
        "{method} {path} HTTP/1.1\r\n{host}Connection: close\r\n{lines}Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    timeout(PATIENCE, stream.read_to_string(&mut answer)).await.expect("the server answers").unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {answer:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}
