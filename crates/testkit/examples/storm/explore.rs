//! Storms on all cores, until one fails, the runs are over, or Ctrl-C comes.

use std::{
    io::{self, IsTerminal as _, Write as _},
    panic,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::Duration,
};

use chatroom_testkit::world::{Storm, Tally, run};

use crate::Args;

/// What came of them.
#[derive(Default)]
pub(crate) struct Explored {
    /// How many were made.
    pub(crate) made: u64,
    pub(crate) tally: Tally,
    pub(crate) failures: u64,
    /// The first by its seed that failed.
    pub(crate) first: Option<Storm>,
    /// Whether Ctrl-C ended it.
    pub(crate) interrupted: bool,
}

impl Explored {
    fn add(&mut self, other: &Self) {
        self.made += other.made;
        self.tally.add(&other.tally);
        self.failures += other.failures;
        self.first = [self.first, other.first].into_iter().flatten().min_by_key(|storm| storm.seed);
    }
}

/// Makes the storms.
pub(crate) fn explore(args: &Args) -> io::Result<Explored> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let cores = if args.runs == 1 { 1 } else { cores };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(|| work(args, &next, &stop))).collect();
        let over = || workers.iter().all(thread::ScopedJoinHandle::is_finished);
        let interrupted = runtime.block_on(watch(args, &next, over));
        stop.store(true, Ordering::Relaxed);
        let mut found = Explored::default();
        for worker in workers {
            found.add(&worker.join().unwrap_or_else(|panic| panic::resume_unwind(panic)));
        }
        found.interrupted = interrupted? && found.made < args.runs;
        Ok(found)
    })
}

/// Makes one after the other, in turn with other workers.
fn work(args: &Args, next: &AtomicU64, stop: &AtomicBool) -> Explored {
    let mut found = Explored::default();
    while !stop.load(Ordering::Relaxed) {
        let place = next.fetch_add(1, Ordering::Relaxed);
        if place >= args.runs {
            break;
        }
        let storm = Storm { seed: args.seed.wrapping_add(place), breach: args.breach, traced: false };
        let outcome = panic::catch_unwind(|| run(storm)).unwrap_or_else(|panic| {
            stop.store(true, Ordering::Relaxed);
            eprintln!("seed {} panics", storm.seed);
            panic::resume_unwind(panic)
        });
        found.made += 1;
        found.tally.add(&outcome.tally);
        if let Some(violation) = outcome.violation {
            found.failures += 1;
            found.first = found.first.or(Some(storm));
            if args.all {
                println!("seed {}: {violation}", storm.seed);
            } else {
                stop.store(true, Ordering::Relaxed);
            }
        }
    }
    found
}

/// Shows how far they are to somebody who looks on. Answers whether Ctrl-C came before they were over.
async fn watch(args: &Args, next: &AtomicU64, over: impl Fn() -> bool) -> io::Result<bool> {
    let shows = io::stderr().is_terminal();
    let mut has_line = false;
    let mut looks = tokio::time::interval(LOOK);
    let mut ctrl_c = std::pin::pin!(tokio::signal::ctrl_c());
    let interrupted = loop {
        tokio::select! {
            result = &mut ctrl_c => break result.map(|()| true),
            _ = looks.tick() => {}
        }
        if over() {
            break Ok(false);
        }
        if shows {
            has_line = true;
            // Nobody is left to tell if this fails.
            drop(write!(io::stderr(), "\r{} of {}", next.load(Ordering::Relaxed).min(args.runs), args.runs));
        }
    };
    if has_line {
        drop(writeln!(io::stderr()));
    }
    interrupted
}

/// How often it is looked whether they are over.
const LOOK: Duration = Duration::from_millis(200);
