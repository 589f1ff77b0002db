//! How many messages a second the SQLite store makes durable, by writers at once and messages in one append.
//!
//! `cargo run --release -p chatroom-server --example appends -- [SECONDS]`
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "its output is the measurement")]

use std::{
    error::Error,
    sync::Arc,
    time::{Duration, Instant},
};

use chatroom_server::store::{Audience, NewMessage, NewRoom, SqliteStore, Store};
use chatroom_wire::{Kind, RoomId};
use jiff::Timestamp;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let seconds = std::env::args().nth(1).map_or(Ok(3), |text| text.parse())?;
    println!("{:>7} {:>6} {:>12} {:>10} {:>10}", "writers", "batch", "messages/s", "p50", "p99");
    for (writers, batch) in [(1, 1), (8, 1), (64, 1), (256, 1), (8, 100)] {
        measure(writers, batch, Duration::from_secs(seconds)).await?;
    }
    Ok(())
}

async fn measure(writers: u32, batch: u64, span: Duration) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let store = Arc::new(SqliteStore::open(folder.path().join("chatroom.sqlite"))?);
    let start = Instant::now();
    let tasks: Vec<_> =
        (0..writers).map(|writer| tokio::spawn(write(Arc::clone(&store), writer, batch, span))).collect();
    let mut waits = Vec::new();
    for task in tasks {
        waits.extend(task.await??);
    }
    let seconds = start.elapsed().as_secs_f64();
    waits.sort();
    let stored = f64::from(u32::try_from(waits.len())?) * f64::from(u32::try_from(batch)?);
    let at = |percent: usize| waits.get(waits.len() * percent / 100).copied().unwrap_or_default();
    println!("{writers:>7} {batch:>6} {:>12.0} {:>10.2?} {:>10.2?}", stored / seconds, at(50), at(99));
    Ok(())
}

/// One writer, in a room of its own; answers how long each append took.
async fn write(store: Arc<SqliteStore>, writer: u32, batch: u64, span: Duration) -> Result<Vec<Duration>, Failure> {
    let room = RoomId::from(writer.to_string());
    let begun = Timestamp::now();
    store.create_room(NewRoom { id: room.clone(), custom_counters: Vec::new(), created_at: begun }).await?;
    let start = Instant::now();
    let mut waits = Vec::new();
    let mut count = 0;
    while start.elapsed() < span {
        let messages = (count..count + batch)
            .map(|number| NewMessage {
                id: number.to_string().into(),
                user: "writer".into(),
                kind: Kind::Text,
                received_at: begun + Duration::from_nanos(number + 1),
                json: vec![b'x'; 400].into(),
                audience: Audience::Everyone,
                changes: Vec::new(),
            })
            .collect();
        let asked = Instant::now();
        store.append(&room, messages).await?;
        waits.push(asked.elapsed());
        count += batch;
    }
    Ok(waits)
}
