//! How long a message takes from its sender to all listeners: alone, while one of them takes nothing, and while a
//! thousand connections send next to nothing.

use std::{
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use chatroom_mqtt::ClientEvent;
use chatroom_server::{Options, RunningServer, Server};
use chatroom_wire::rest::Role;
use tokio::time::{interval, sleep};

use crate::{
    Failure,
    client::{Client, numbers},
    percentile,
};

/// How often something is said.
const PACE: Duration = Duration::from_millis(20);

/// For how long in each part of a round.
const PART: Duration = Duration::from_secs(6);

/// How long a listener that takes nothing needs until the system's buffers are full.
const FILLING: Duration = Duration::from_secs(3);

/// The buffer of such a listener, in bytes.
const SMALL: u32 = 4096;

/// How long a slow connection may take for its head: longer than a part.
const PATIENCE: &str = "20s";

/// When each message was said, by its number, and how long it took to whom.
struct Board {
    origin: Instant,
    said: Vec<AtomicU64>,
    took: Mutex<Vec<u64>>,
}

/// What goes on beside the talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beside {
    Nothing,
    Stuck,
    Slow,
}

/// Measures round by round, each part in turn.
pub(crate) async fn measure(listeners: usize, rounds: usize) -> Result<(), Failure> {
    let mut options = Options::ephemeral();
    options.tls_listen = None;
    for (name, value) in [
        ("rate.admin", "1000000"),
        ("entrance.max_viewers", "0"),
        ("batch.window", "0s"),
        ("connect.timeout", PATIENCE),
        // Listeners only read: they send no pings.
        ("keepalive.min", "1h"),
        ("keepalive.max", "1h"),
    ] {
        options.settings.set(name, value)?;
    }
    let server = Server::start(options).await?;
    let said = (0..1_000_000).map(|_| AtomicU64::new(0)).collect();
    let board = Arc::new(Board { origin: Instant::now(), said, took: Mutex::default() });
    for number in 0..listeners {
        let client = Client::join(&server, &format!("listener {number}"), Role::Viewer).await?;
        tokio::spawn(listen(client, Arc::clone(&board)));
    }
    let sender = Client::join(&server, "sender", Role::Admin).await?;
    tokio::spawn(send(sender, Arc::clone(&board)));

    let mut ratios = [Vec::new(), Vec::new()];
    for round in 0..=rounds {
        let alone = part(&server, &board, Beside::Nothing).await?;
        let stuck = part(&server, &board, Beside::Stuck).await?;
        let slow = part(&server, &board, Beside::Slow).await?;
        // The first round warms up.
        if round > 0 {
            println!("alone {alone:?}, one stuck {stuck:?}, a thousand slow {slow:?} (p50 and p99, µs)");
            let ratio = |part: (u64, u64)| part.1 * 1000 / alone.1.max(1);
            ratios[0].push(ratio(stuck));
            ratios[1].push(ratio(slow));
        }
    }
    for (name, mut ratios) in ["one stuck", "a thousand slow"].into_iter().zip(ratios) {
        ratios.sort_unstable();
        let median = percentile(&ratios, 50).unwrap_or_default();
        println!("{listeners} listeners, {name}: p99 is {}.{:03} of what it is alone", median / 1000, median % 1000);
    }
    server.shutdown().await;
    Ok(())
}

/// The median and the 99th percentile of a part, in microseconds.
async fn part(server: &RunningServer, board: &Board, beside: Beside) -> Result<(u64, u64), Failure> {
    let stuck = match beside {
        Beside::Stuck => Some(Client::join_with_buffer(server, "stuck", Role::Viewer, Some(SMALL)).await?),
        Beside::Nothing | Beside::Slow => None,
    };
    let mut slow = (beside == Beside::Slow).then(|| slowly(server)).transpose()?;
    sleep(FILLING).await;
    board.take();
    sleep(PART).await;
    let mut took = board.take();
    drop(stuck);
    if let Some(slow) = &mut slow {
        slow.kill()?;
        slow.wait()?;
    }
    took.sort_unstable();
    Ok(percentile(&took, 50).zip(percentile(&took, 99)).ok_or("nothing was heard")?)
}

/// A thousand heads of requests that never end.
fn slowly(server: &RunningServer) -> Result<Child, Failure> {
    let url = format!("http://{}/", server.address().ok_or("no address")?);
    let mut tool = Command::new("slowhttptest");
    tool.args(["-H", "-c", "1000", "-r", "1000", "-i", "1", "-l", "60", "-u", &url]);
    tool.stdout(Stdio::null()).stderr(Stdio::null()).spawn().map_err(|error| format!("slowhttptest: {error}").into())
}

async fn listen(mut client: Client, board: Arc<Board>) -> Result<(), Failure> {
    loop {
        if let ClientEvent::Delivery(delivery) = client.event().await?
            && let Some((prev, seq)) = numbers(&delivery)
        {
            board.heard(prev + 1..=seq);
        }
    }
}

async fn send(mut client: Client, board: Arc<Board>) -> Result<(), Failure> {
    let text = "x".repeat(1000);
    let mut pace = interval(PACE);
    for said in board.said.iter().skip(1) {
        pace.tick().await;
        said.store(board.now(), Ordering::Relaxed);
        client.say(&text)?;
        while !matches!(client.event().await?, ClientEvent::Acknowledged { .. }) {}
    }
    Ok(())
}

impl Board {
    fn now(&self) -> u64 {
        u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn heard(&self, numbers: impl Iterator<Item = u64>) {
        let now = self.now();
        let said = numbers.filter_map(|number| self.said.get(usize::try_from(number).ok()?));
        let took = said.map(|said| now.saturating_sub(said.load(Ordering::Relaxed)));
        self.took.lock().unwrap_or_else(PoisonError::into_inner).extend(took);
    }

    fn take(&self) -> Vec<u64> {
        std::mem::take(&mut self.took.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
