//! A server that sends pings without end, at any stage, and reads nothing.

use chatroom_mqtt::encode_publish;
use chatroom_testkit::config_file::{self, SUB};
use chatroom_testkit::endpoint::{Endpoint, Link};
use chatroom_testkit::patience::within;
use chatroom_testkit::process::Home;
use chatroom_testkit::scripted::accept_websocket;
use chatroom_testkit::token;
use futures_util::{SinkExt, StreamExt, future::join_all};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio_tungstenite::tungstenite::Message;

use super::peak;
use crate::support::CHATROOM;

/// What is sent, in bytes: the answers are as large.
const FLOOD: usize = 24 << 20;
/// What `tail` may take for it, in KiB.
const GROWTH: u64 = 8 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Upgraded,
    Connected,
    Backfilling,
    Live,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_pings_whose_sender_reads_nothing_takes_no_memory_at_any_stage() {
    let stages = [Stage::Upgraded, Stage::Connected, Stage::Backfilling, Stage::Live];
    for (stage, growth) in join_all(stages.map(growth)).await {
        assert!(growth < GROWTH, "{stage:?}: {growth} KiB");
    }
}

/// How much memory `tail` takes for a flood, in KiB.
async fn growth(stage: Stage) -> (Stage, u64) {
    let (begin, has_begun) = oneshot::channel();
    let (end, is_over) = oneshot::channel();
    let flooded = std::sync::Mutex::new(Some((begin, end)));
    let server = Endpoint::start(None, move |link| {
        let flooded = flooded.lock().expect("nobody panics with it").take();
        async move {
            if let Some((begin, end)) = flooded {
                let _link = serve(link, stage, begin).await.expect("the client stays");
                let _ = end.send(());
                std::future::pending::<()>().await;
            }
        }
    })
    .await;
    let mut details = config_file::details("unused.example", &token::good());
    details["connection"]["url"] = format!("ws://{}/mqtt", server.host()).into();
    let home = Home::new();
    let mut tail = tokio::process::Command::new(CHATROOM);
    tail.arg("tail").env("HOME", home.path()).stdin(std::process::Stdio::null()).kill_on_drop(true);
    let rest = rest(details.to_string()).await;
    if stage == Stage::Backfilling {
        tail.args(["--api", &format!("http://{}", rest.host()), "--token-file"]).arg(home.file("token", token::good()));
    } else {
        tail.arg("--config").arg(home.file("config.json", details.to_string()));
    }
    let tail = tail.spawn().expect("it can be started");
    within("the begin of the flood", has_begun).await.expect("the client comes");
    let before = peak(&tail);
    within("the end of the flood", is_over).await.expect("the client stays");
    (stage, peak(&tail).saturating_sub(before))
}

/// Says what the config is; all other calls wait for their answers.
async fn rest(config: String) -> Endpoint {
    Endpoint::start(None, move |mut link| {
        let config = config.clone();
        async move {
            let mut head = String::new();
            while let Ok(byte) = link.read_u8().await {
                head.push(char::from(byte));
                if head.ends_with("\r\n\r\n") && head.contains("/chatrooms/config ") {
                    let length = config.len();
                    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n\r\n{config}");
                    let _ = link.write_all(answer.as_bytes()).await;
                }
            }
        }
    })
    .await
}

/// Lets a client come so far, and floods it.
async fn serve(link: Link, stage: Stage, begin: oneshot::Sender<()>) -> Option<Link> {
    let mut websocket = accept_websocket(link).await?;
    if stage != Stage::Upgraded {
        websocket.next().await?.ok()?;
        websocket.send(Message::binary(&b"\x20\x03\x00\x00\x00"[..])).await.ok()?;
    }
    if matches!(stage, Stage::Backfilling | Stage::Live) {
        let subscribe = websocket.next().await?.ok()?.into_data();
        websocket.send(Message::binary(vec![0x90, 4, 0, subscribe[3], 0, 0])).await.ok()?;
        websocket.send(Message::binary(encode_publish(SUB, b"[]", &[]).ok()?)).await.ok()?;
    }
    let mut link = websocket.into_inner();
    let _ = begin.send(());
    let pings = [&[0x89, 125][..], &[7; 125]].concat().repeat(512);
    for _ in 0..FLOOD / pings.len() {
        link.write_all(&pings).await.ok()?;
    }
    Some(link)
}
