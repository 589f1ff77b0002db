//! How many deliveries a second one server makes, and what an idle connection costs.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chatroom_mqtt::ClientEvent;
use chatroom_server::{Options, Server};
use chatroom_wire::rest::Role;

use crate::{
    Failure,
    client::{Client, numbers},
};

/// How many messages a sender leaves unacknowledged.
const WINDOW: usize = 90;

/// What all count together.
#[derive(Debug, Default)]
struct Counts {
    heard: AtomicU64,
    said: AtomicU64,
}

/// Measures for so many seconds.
pub(crate) async fn measure(listeners: usize, senders: usize, seconds: usize) -> Result<(), Failure> {
    let mut options = Options::ephemeral();
    options.tls_listen = None;
    options.settings.set("rate.admin", "1000000")?;
    options.settings.set("entrance.max_viewers", "0")?;
    let server = Server::start(options).await?;
    let counts = Arc::new(Counts::default());

    let before = memory()?;
    for number in 0..listeners {
        let client = Client::join(&server, &format!("listener {number}"), Role::Viewer).await?;
        tokio::spawn(listen(client, Arc::clone(&counts)));
    }
    let cost = memory()?.saturating_sub(before) / u64::try_from(listeners.max(1))?;
    println!("{listeners} idle connections: {cost} bytes each, both ends together");

    for number in 0..senders {
        let client = Client::join(&server, &format!("sender {number}"), Role::Admin).await?;
        tokio::spawn(send(client, Arc::clone(&counts)));
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (began, heard, said) =
        (Instant::now(), counts.heard.load(Ordering::Relaxed), counts.said.load(Ordering::Relaxed));
    tokio::time::sleep(Duration::from_secs(u64::try_from(seconds)?)).await;
    let took = began.elapsed().as_millis().max(1);
    let rate = |from: u64, to: u64| u128::from(to - from) * 1000 / took;
    println!(
        "{senders} senders: {} messages a second acknowledged, {} deliveries a second, {} of {} still connected",
        rate(said, counts.said.load(Ordering::Relaxed)),
        rate(heard, counts.heard.load(Ordering::Relaxed)),
        server.connections(),
        listeners + senders,
    );
    server.shutdown().await;
    Ok(())
}

/// The resident memory of this process, in bytes.
fn memory() -> Result<u64, Failure> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<u64>()? * 1024)
}

/// Counts messages by the numbers on each packet, without reading the JSON.
async fn listen(mut client: Client, counts: Arc<Counts>) -> Result<(), Failure> {
    loop {
        if let ClientEvent::Delivery(delivery) = client.event().await? {
            let messages = numbers(&delivery).map_or(0, |(prev, seq)| seq - prev);
            counts.heard.fetch_add(messages, Ordering::Relaxed);
        }
    }
}

async fn send(mut client: Client, counts: Arc<Counts>) -> Result<(), Failure> {
    loop {
        while client.may_publish(WINDOW) {
            client.say("a line as people write it in a chat")?;
        }
        if let ClientEvent::Acknowledged { .. } = client.event().await? {
            counts.said.fetch_add(1, Ordering::Relaxed);
        }
    }
}
