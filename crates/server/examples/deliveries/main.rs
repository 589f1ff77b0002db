//! What a server does for many at once.
//!
//! `cargo run --release -p chatroom-server --example deliveries -- ` and one of
//! - `[LISTENERS] [SENDERS] [SECONDS]`: how many deliveries a second, and what an idle connection costs
//! - `latency [LISTENERS] [ROUNDS]`: how long a message takes, alone, beside a stuck listener, and beside a thousand
//!   slow connections
//! - `returns [CLIENTS]`: how fast everybody is back after the server was killed and started anew
//! - `drain [CLIENTS]`: how a server that is asked to stop takes leave of everybody
//!
//! Server and clients share the processors; the clients' work is part of the bill.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, reason = "its output is the measurement")]

mod client;
mod drain;
mod latency;
mod process;
mod returns;
mod throughput;

use std::error::Error;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let number = |place: usize, default| words.get(place).map_or(Ok(default), |text| text.parse::<usize>());
    match words.first().map(String::as_str) {
        Some("latency") => latency::measure(number(1, 1000)?, number(2, 5)?).await,
        Some("returns") => returns::measure(number(1, 2000)?).await,
        Some("drain") => drain::measure(number(1, 2000)?).await,
        Some(process::SERVE) => {
            process::serve(words.get(1).ok_or("no directory")?, [number(2, 0)?, number(3, 0)?]).await
        }
        _ => throughput::measure(number(0, 1000)?, number(1, 8)?, number(2, 10)?).await,
    }
}

/// The value below which this part of the sorted ones lie.
fn percentile<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    sorted.get((sorted.len() * percent / 100).min(sorted.len().saturating_sub(1))).copied()
}
