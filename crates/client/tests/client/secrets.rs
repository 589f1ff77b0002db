//! No secret comes out: not in `Debug`, not in an error, not in a log at its most talkative.

use std::{
    error::Error,
    io::Write,
    sync::{Arc, Mutex},
};

use chatroom_client::{
    Builder, Rest, Trust,
    memory::MemoryRoom,
    wire::{Config, RefreshToken, Token},
};
use chatroom_mqtt::ReasonCode;
use chatroom_testkit::{
    certs::{Certs, Leaf},
    config_file::details,
    scripted::{OnConnect, Script},
    token,
};
use tracing_subscriber::fmt::MakeWriter;

use crate::{ended, joined};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("nobody panics while writing").write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

const SIGNATURE: &str = "c2lnbmF0dXJl";

#[tokio::test]
async fn a_session_writes_no_secret_into_a_log_or_an_error() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    // For the whole process: the other tests write into it too, and they have no secrets to tell either.
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let certs = Certs::new();
    let token = token::good();
    let secret = token.split('.').nth(1).unwrap();
    let refusal = OnConnect::Refuse(ReasonCode::NOT_AUTHORIZED, Some("no\u{1b}[2J".to_owned()));
    let mut shown = Vec::new();
    for connect in [OnConnect::Accept, refusal] {
        let server =
            Script { connect: connect.clone(), ..Script::default() }.start(Some(certs.server(Leaf::Good))).await;
        let json = details(&server.host(), &token).to_string();
        let builder = Builder::with_config(Config::from_json(json.as_bytes()).unwrap()).ca_file(certs.ca_file());
        shown.push(format!("{builder:?}"));
        let (room, mut events) = builder.build().unwrap();
        if matches!(connect, OnConnect::Accept) {
            joined(&mut events).await;
            room.deliver("hello").await.unwrap();
            room.leave().await;
        }
        let end = ended(&mut events).await;
        let source = end.source().map(ToString::to_string);
        shown.push(format!("{room:?} {events:?} {end:?} {end} {}", source.unwrap_or_default()));
    }
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("opening a link") && log.contains("joined") && log.contains("ended"), "{log}");
    assert!(!log.contains('\u{1b}'), "what a server says is made safe: {log:?}");
    for text in [shown.concat(), log] {
        assert!(!text.contains(secret) && !text.contains(SIGNATURE), "{text}");
    }
}

#[tokio::test]
async fn nothing_public_shows_a_token() {
    let memory = MemoryRoom::new();
    let rest = Rest::new("https://localhost:1", &Trust::new()).unwrap();
    let builder = Builder::with_token(Token::new("canary.canary.canary"))
        .refresh_token(RefreshToken::new("canary"))
        .add_ca_pem(b"canary")
        .rest(&rest)
        .memory(&memory);
    let shown = format!("{builder:?} {rest:?} {memory:?}");
    assert!(!shown.contains("canary"), "{shown}");
}
