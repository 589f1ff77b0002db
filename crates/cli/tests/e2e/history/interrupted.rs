//! A service that answers one page and is busy from then on.

use std::net::SocketAddr;

use chatroom_testkit::process::{Home, Process};
use chatroom_testkit::token;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::support::chatroom;

#[tokio::test]
async fn an_interrupted_export_is_well_formed_and_has_not_the_name_of_a_complete_one() {
    for format in ["json", "html", "csv", "ndjson", "txt"] {
        let home = Home::new();
        let export = home.path().join(format!("evening.{format}"));
        let history = history(&home, service("503 Service Unavailable").await, &export.display().to_string());
        history.err_line(|line| line.contains("asking again in 1 s")).await;
        history.signal("INT").await;
        let exit = history.exit().await;
        exit.assert_code(1);
        let err = exit.err.join("\n");
        assert!(err.contains("100 messages until then are in ") && err.contains("hint:"), "{}", exit.transcript());
        assert!(!export.exists(), "{format}");
        let part = std::fs::read_to_string(home.path().join(format!("evening.{format}.part"))).unwrap();
        match format {
            "json" => assert_eq!(serde_json::from_str::<Vec<Value>>(&part).unwrap().len(), 100),
            "html" => assert!(part.ends_with("</html>\n") && part.contains("interrupted"), "{part}"),
            "csv" => assert_eq!(part.split_terminator("\r\n").count(), 101),
            _ => assert_eq!(part.lines().count(), 100),
        }
    }
}

#[tokio::test]
async fn what_was_written_stays_when_the_service_says_no() {
    let home = Home::new();
    let export = home.path().join("evening.json");
    let exit = history(&home, service("401 Unauthorized").await, &export.display().to_string()).exit().await;
    exit.assert_code(4);
    assert!(exit.err.join("\n").contains("100 messages until then are in "), "{}", exit.transcript());
    let part = std::fs::read_to_string(home.path().join("evening.json.part")).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Value>>(&part).unwrap().len(), 100);
}

#[tokio::test]
async fn lines_on_stdout_end_with_a_whole_one() {
    let home = Home::new();
    let args = ["history", "--json", "--api", &format!("http://{}", service("503 Service Unavailable").await)];
    let token_file = home.file("token", token::good());
    let history = chatroom(&home).args(args).arg("--token-file").arg(token_file).start();
    history.err_line(|line| line.contains("asking again")).await;
    history.signal("INT").await;
    let exit = history.exit().await;
    exit.assert_code(1);
    assert_eq!(exit.out.len(), 100);
    assert!(exit.out.iter().all(|line| serde_json::from_str::<Value>(line).is_ok()), "{}", exit.transcript());
}

fn history(home: &Home, service: SocketAddr, export: &str) -> Process {
    let token_file = home.file("token", token::good());
    let args = ["history", "--export", export, "--api", &format!("http://{service}")];
    chatroom(home).args(args).arg("--token-file").arg(token_file).start()
}

/// Answers the first request with a full page, and each other one with this status.
async fn service(status: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("there is a free port");
    let address = listener.local_addr().expect("it is bound");
    tokio::spawn(async move {
        let mut first = true;
        while let Ok((stream, _)) = listener.accept().await {
            let (status, body) = if std::mem::take(&mut first) { ("200 OK", page()) } else { (status, json!({})) };
            // A client that is gone needs no answer.
            drop(answer(stream, status, &body.to_string()).await);
        }
    });
    address
}

async fn answer(mut stream: TcpStream, status: &str, body: &str) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

fn page() -> Value {
    let message = |number: usize| {
        json!({
            "id": format!("m{number}"),
            "type": "INTERACTION_TYPE_TEXT",
            "user": {"custom_name": "Ada"},
            "text_message": {"text": format!("message {number}")},
            "received_at": format!("2026-06-01T20:{:02}:{:02}Z", number / 60, number % 60),
        })
    };
    json!({"messages": (0..100).map(message).collect::<Vec<_>>()})
}
