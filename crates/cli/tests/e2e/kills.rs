//! Client and server are killed at random moments, over and over, on a network that does harm: what `send` said was queued
//! is in the room exactly once, and three readers agree on all of it.
//!
//! `CHATROOM_KILLS` says how many kills at least, 200 unless said; `CHATROOM_SEED` is the seed, which decides what the
//! proxy does and when somebody is killed. (The processes themselves are as fast as they are: a seed makes a failure
//! likely to come again, not certain.)
//!
//! - [`site`]: the server, its lives, and the commands around it; [`checker`]: what is wrong with the logs
//! - [`disk_and_clock`]: kills beside full disks and clocks that leap

mod checker;
mod disk_and_clock;
mod site;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use chatroom_testkit::chaos_proxy::{Counters, Cut, Dice, Script};
use chatroom_testkit::patience::PATIENCE;
use chatroom_testkit::process::{Exit, Process};

use self::checker::{Told, read, verdict};
use self::site::{Moment, Site};
use crate::support::joined;

const KILLS: u64 = 200;
const SEED: u64 = 4;
const READERS: usize = 3;

/// How many programs send at once.
const SENDERS: u64 = 2;

/// How long a program is given until it has said something.
const HOPE: Duration = Duration::from_secs(20);

/// How often one more program is started to send what is left.
const FLUSHES: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_many_kills_of_client_and_server_nothing_is_lost_doubled_or_out_of_order() {
    let (kills, seed) = (number("CHATROOM_KILLS", KILLS), number("CHATROOM_SEED", SEED));
    let dice = Dice::new(seed);
    let (site, first) = Site::new().await;
    let readers = [(); READERS].map(|()| site.viewer(&["tail", "--json"]).start());
    for reader in &readers {
        joined(reader).await;
    }
    let chaos = Script::from_json(include_str!("kills/chaos.json")).expect("it is a script");
    site.proxy.set(Script { seed, ..chaos });

    let senders = Senders::default();
    let servers = async {
        first.kill().await;
        let mut dice = dice.of(0);
        let mut killed = 1;
        // Half of the kills are the server's; it goes on until the senders have had theirs. On a busy machine it takes some
        // more until enough has happened between them to show anything.
        let idle = || senders.delivered() == 0 || !did_harm(&site.proxy.counters());
        while killed < kills / 2 || senders.killed() < kills / 2 || killed < 2 * kills && idle() {
            site.short_life(Moment::draw(&mut dice)).await;
            killed += 1;
        }
        senders.stop();
        killed
    };
    let sending = futures_util::future::join_all((1..=SENDERS).map(|number| senders.send(&site, dice.of(number))));
    let (killed, exits) = tokio::join!(servers, sending);

    let _server = site.serve().await;
    let harm = site.proxy.counters();
    site.proxy.set(Script::calm());
    site.proxy.cut(Cut::Reset);
    let mut told = Told::default();
    exits.iter().flatten().for_each(|exit| told.take(&exit.out));
    let (queued, delivered) = (told.count("queued"), told.count("delivered"));
    let last = flush(&site, &mut told).await;
    let logs = readers.into_iter().map(|reader| log_until(reader, &last));
    let logs: Vec<_> = futures_util::future::join_all(logs).await.iter().map(|log| read(log)).collect();

    let room = read(&site.history().await.out);
    let wrong = verdict(&told, &room, &logs);
    assert!(wrong.is_empty(), "seed {seed}, {} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
    println!(
        "{killed} kills of the server, {} of senders; {queued} messages told as queued and {delivered} as delivered \
         by them, {} in the room; the proxy: {harm:?}",
        senders.killed(),
        room.len()
    );
    // Else it has shown nothing.
    assert!(delivered > 0 && did_harm(&harm), "{delivered} delivered; {harm:?}");
}

#[tokio::test]
async fn a_server_that_forgets_what_it_acknowledged_is_found_out() {
    let (site, server) = Site::new().await;
    let mut told = Told::default();
    let exit = site.send(&["--count", "20", "1 {n}"]).run().await;
    told.take(&exit.assert_code(0).out);
    assert_eq!(told.count("delivered"), 20);
    server.kill().await;
    std::fs::remove_file(site.data().join("chatroom.db-wal"))
        .expect("what was written last is there until the next start");
    let _server = site.serve().await;
    let wrong = verdict(&told, &read(&site.history().await.out), &[]);
    assert_eq!(wrong.iter().filter(|wrong| wrong.starts_with("lost")).count(), 20, "{wrong:?}");
}

fn did_harm(counters: &Counters) -> bool {
    counters.resets > 0 && counters.closes > 0
}

/// Programs that send until they are killed, one after another.
#[derive(Default)]
struct Senders {
    started: AtomicU64,
    killed: AtomicU64,
    delivered: AtomicU64,
    stopped: AtomicBool,
}

impl Senders {
    /// What those that were killed had said by then.
    async fn send(&self, site: &Site, mut dice: Dice) -> Vec<Exit> {
        let mut exits = Vec::new();
        while !self.stopped.load(Ordering::Relaxed) {
            let text = format!("{} {{n}}", self.started.fetch_add(1, Ordering::Relaxed));
            let every = format!("{}ms", 20 + dice.below(100));
            let process = site.send(&["--timeout", "1h", "--count", "1000000", "--every", &every, &text]).start();
            // It is ready when it has said what became of a message. On a busy machine it may find no server alive for
            // long, or have so much left to send that it takes nothing new: then it is killed all the same.
            let ready = async { drop(tokio::time::timeout(HOPE, process.out_line(|_| true)).await) };
            Moment::draw(&mut dice).wait(ready).await;
            let exit = process.kill().await;
            assert_eq!(exit.code, None, "it ended by itself\n{}", exit.transcript());
            self.killed.fetch_add(1, Ordering::Relaxed);
            let delivered = exit.out.iter().any(|line| line.contains("\"delivered\""));
            self.delivered.fetch_add(delivered.into(), Ordering::Relaxed);
            exits.push(exit);
        }
        exits
    }

    fn killed(&self) -> u64 {
        self.killed.load(Ordering::Relaxed)
    }

    /// How many were told that something of theirs arrived.
    fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

/// Lets one more program send what is left, until nothing is; the id of the very last message.
async fn flush(site: &Site, told: &mut Told) -> String {
    for round in 0..FLUSHES {
        let left = site.waiting().await.len();
        let exit = site.send(&["--timeout", "30s", "--count", "1", &format!("last-{round} {{n}}")]).run().await;
        told.take(&exit.out);
        // Where very much is left, a new message is not even taken.
        if left == 0 {
            exit.assert_code(0);
            let delivered = exit.out.iter().rev().find(|line| line.contains("\"delivered\""));
            let line = delivered.unwrap_or_else(|| panic!("nothing was delivered\n{}", exit.transcript()));
            let line: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
            return line["id"].as_str().expect("a message has an id").to_owned();
        }
    }
    panic!("{FLUSHES} programs could not send what is left: {:?}", site.waiting().await)
}

/// Waits until a reader has read the message of this id, and ends it: all that it read.
async fn log_until(reader: Process, id: &str) -> Vec<String> {
    let has_it = |lines: &[String]| lines.iter().rev().any(|line| line.contains(id)).then_some(());
    // It may wait up to a minute before it tries to connect again, and then has much to read.
    let first = tokio::time::timeout(PATIENCE.saturating_sub(Duration::from_secs(1)), reader.out_until(has_it)).await;
    if first.is_err() {
        reader.out_until(has_it).await;
    }
    reader.signal("INT").await;
    let exit = reader.exit().await;
    exit.assert_code(0);
    exit.out
}

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name)
        .map_or(otherwise, |value| value.parse().unwrap_or_else(|_| panic!("{name} is a number, and not {value:?}")))
}
