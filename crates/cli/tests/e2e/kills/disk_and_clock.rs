//! The real store under what storms do to its model: the server is killed, its disk fills up, and its clock leaps while it
//! is down. What `send` reported as queued is in the room's history exactly once, and in the order of its program.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chatroom_testkit::chaos_proxy::{ChaosProxy, Dice, Script};
use chatroom_testkit::process::{Home, Process, Program};
use chatroom_testkit::serve::{ANY_PORTS, Ready};
use chatroom_testkit::small_disk::SmallDisk;

use super::checker::{Told, read, verdict};
use super::{SEED, number};
use crate::support::{address, chatroom};

/// How often the server is started.
const LIVES: u64 = 14;

/// What the server's clock shows in a life, as libfaketime reads it; most lives have the true time.
const CLOCKS: [&str; 6] = ["+0", "+0", "+0", "+400d", "+3h", "-2h"];

#[tokio::test]
async fn the_real_store_keeps_all_through_kills_full_disks_and_clock_leaps() {
    let seed = number("CHATROOM_SEED", SEED);
    let mut dice = Dice::new(seed);
    let disk = SmallDisk::mount("16m");
    if disk.is_none() {
        eprintln!("without full disks: this user may not mount one");
    }
    let site = Site::new(disk.as_ref().map(SmallDisk::path)).await;
    let mut told = Told::default();
    let (mut filled, mut leapt) = (0, 0);
    for life in 0..LIVES {
        // The first life has the true time and a free disk, so that there is something to lose.
        let clock = if life == 0 { CLOCKS[0] } else { CLOCKS[usize_below(&mut dice, CLOCKS.len())] };
        leapt += u64::from(clock != CLOCKS[0]);
        let server = site.serve(clock).await;
        let text = format!("{} {{n}}", life + 1);
        let sender = site.send(&["--timeout", "1h", "--count", "1000000", "--every", "5ms", &text]).start();
        let delivered = |line: &str| line.contains("\"delivered\"");
        sender.out_line(delivered).await;
        if let Some(disk) = disk.as_ref().filter(|_| life > 0 && dice.below(2) == 0) {
            filled += 1;
            disk.fill();
            tokio::time::sleep(Duration::from_millis(dice.below(600))).await;
            // It may be killed while the disk is full: then it starts on one that has room again.
            if dice.below(2) == 0 {
                disk.free();
                let before = sender.out().len();
                sender.out_until(|lines| lines[before..].iter().any(|line| delivered(line)).then_some(())).await;
            }
        }
        tokio::time::sleep(Duration::from_millis(dice.below(300))).await;
        if dice.below(4) == 0 {
            server.signal("TERM").await;
            server.exit().await;
        } else {
            server.kill().await;
        }
        if let Some(disk) = &disk {
            disk.free();
        }
        told.take(&sender.kill().await.out);
    }

    let _server = site.serve(CLOCKS[0]).await;
    let last = site.send(&["--timeout", "50s", "--count", "1", "last {n}"]).run().await;
    told.take(&last.assert_code(0).out);
    let room = site.viewer(&["history", "--json", "--oldest-first"]).run().await;
    let wrong = verdict(&told, &read(&room.assert_code(0).out), &[]);
    assert!(wrong.is_empty(), "seed {seed}, {} things are wrong:\n{}", wrong.len(), wrong.join("\n"));
    println!("{} messages in {LIVES} lives; {filled} full disks, {leapt} clock leaps", told.count("delivered"));
    // Else it has shown nothing.
    assert!(told.count("delivered") > 50 && leapt > 2 && (filled > 2 || disk.is_none()));
}

/// A server without TLS, whose certificates would have to follow its clock; clients reach all of its lives at one address.
struct Site {
    home: Home,
    data: PathBuf,
    ready: Ready,
    proxy: ChaosProxy,
}

impl Site {
    async fn new(disk: Option<&Path>) -> Self {
        let home = Home::new();
        let data = disk.unwrap_or_else(|| home.path()).join("data");
        let process = serve(&home, &data, CLOCKS[0]).start();
        let ready = ready(&process).await;
        process.kill().await;
        let proxy = ChaosProxy::start(upstream(&ready), None, Script::calm()).await;
        Self { home, data, ready, proxy }
    }

    async fn serve(&self, clock: &str) -> Process {
        let process = serve(&self.home, &self.data, clock).start();
        self.proxy.lead_to(upstream(&ready(&process).await));
        process
    }

    fn viewer(&self, args: &[&str]) -> Program {
        let program = chatroom(&self.home).args(args).arg("--api").arg(format!("http://{}", self.proxy.host()));
        program.arg("--token-file").arg(&self.ready.viewer_token_file)
    }

    fn send(&self, args: &[&str]) -> Program {
        self.viewer(&["send", "--json", "--ttl", "1h"]).arg("--outbox").arg(self.home.path().join("outbox")).args(args)
    }
}

async fn ready(process: &Process) -> Ready {
    let line = process.out_line(|line| line.contains("\"ready\"")).await;
    Ready::parse(&line).expect("the ready line has all of its fields")
}

fn serve(home: &Home, data: &Path, clock: &str) -> Program {
    let program = chatroom(home).args(["serve", "--ready", "json"]).args(ANY_PORTS).arg("--data").arg(data);
    let program = program.args(["--set", "rate.viewer=100000", "--set", "rate.viewer_bytes=100MiB"]);
    // Not by the program `faketime`, which stands between a signal and the server.
    program.env("LD_PRELOAD", faketime()).env("FAKETIME", clock).env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
}

/// Debian's library of the package `faketime`, which `cargo xtask test` installs.
fn faketime() -> PathBuf {
    let libraries = std::fs::read_dir("/usr/lib").expect("there is a folder of libraries");
    let mut library = libraries.filter_map(Result::ok).map(|entry| entry.path().join("faketime/libfaketimeMT.so.1"));
    library.find(|path| path.exists()).expect("faketime is installed: run `cargo xtask test` instead")
}

fn upstream(ready: &Ready) -> std::net::SocketAddr {
    address(&ready.api).parse().expect("the server says where it listens")
}

fn usize_below(dice: &mut Dice, end: usize) -> usize {
    usize::try_from(dice.below(end as u64)).expect("it is below a usize")
}
