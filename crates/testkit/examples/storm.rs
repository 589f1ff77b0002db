//! Makes storms of faults until one breaks a promise: `cargo xtask storm --runs 10000 [--seed S] [--break RULE] [--trace]`.
//!
//! Ends with 1 and the command that makes the storm again if one broke a promise. With `--break` it is the other way
//! round: a rule is broken on purpose, and storms that do not notice within the runs are the failure.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's output")]

use std::{
    process::ExitCode,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use chatroom_testkit::world::{Breach, Storm, Tally, run};

const USAGE: &str = "usage: storm [--runs N] [--seed S] [--break RULE] [--trace] [--all]";

struct Args {
    runs: u64,
    seed: u64,
    breach: Option<Breach>,
    traced: bool,
    /// Whether to go on after a failure, and name each.
    all: bool,
}

fn main() -> ExitCode {
    let args = match parse() {
        Ok(args) => args,
        Err(problem) => {
            eprintln!("{problem}\n{USAGE}");
            eprintln!("rules to break: {}", Breach::ALL.map(Breach::name).join(", "));
            return ExitCode::from(2);
        }
    };
    let began = Instant::now();
    let (made, tally, failed) = explore(&args);
    let seconds = began.elapsed().as_secs_f64();
    println!(
        "{made} storms in {seconds:.1} s, {:.0} a second",
        f64::from(u32::try_from(made).unwrap_or(u32::MAX)) / seconds.max(1e-9)
    );
    println!("{tally}");
    match (failed, args.breach) {
        (None, None) => {
            println!("no promise was broken");
            ExitCode::SUCCESS
        }
        (None, Some(rule)) => {
            println!("{rule} was broken, and nothing noticed");
            ExitCode::FAILURE
        }
        (Some(storm), rule) => {
            let outcome = run(Storm { traced: args.traced, ..storm });
            outcome.trace.iter().for_each(|line| println!("{line}"));
            println!("seed {}: {}", storm.seed, outcome.violation.unwrap_or_default());
            println!("again, with all that happened: {storm}");
            if rule.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
    }
}

/// Makes the storms on all cores. Answers how many, what happened in them, and the first by its seed that failed.
fn explore(args: &Args) -> (u64, Tally, Option<Storm>) {
    let next = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let cores = if args.runs == 1 { 1 } else { cores };
    let work = || {
        let (mut made, mut tally, mut failed) = (0, Tally::default(), None);
        while !stop.load(Ordering::Relaxed) {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= args.runs {
                break;
            }
            let storm = Storm { seed: args.seed.wrapping_add(place), breach: args.breach, traced: false };
            let outcome = run(storm);
            made += 1;
            tally.add(&outcome.tally);
            if let Some(violation) = outcome.violation {
                failed = failed.or(Some(storm));
                if args.all {
                    println!("seed {}: {violation}", storm.seed);
                } else {
                    stop.store(true, Ordering::Relaxed);
                }
            }
        }
        (made, tally, failed)
    };
    thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
        let began = Instant::now();
        while !workers.iter().all(thread::ScopedJoinHandle::is_finished) {
            thread::sleep(Duration::from_millis(200));
            if began.elapsed().as_secs().is_multiple_of(5) && began.elapsed().subsec_millis() < 200 {
                eprintln!("{} of {}", next.load(Ordering::Relaxed).min(args.runs), args.runs);
            }
        }
        let (mut made, mut tally, mut failed) = (0, Tally::default(), None::<Storm>);
        for worker in workers {
            let (its_made, its_tally, its_failed) = worker.join().expect("a storm does not panic");
            made += its_made;
            tally.add(&its_tally);
            failed = [failed, its_failed].into_iter().flatten().min_by_key(|storm| storm.seed);
        }
        (made, tally, failed)
    })
}

fn parse() -> Result<Args, String> {
    let mut args = Args { runs: 1_000, seed: 0, breach: None, traced: false, all: false };
    let mut words = std::env::args().skip(1);
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or_else(|| format!("{word} wants a value"));
        match word.as_str() {
            "--runs" => args.runs = number(&value()?)?,
            "--seed" => args.seed = number(&value()?)?,
            "--break" => args.breach = Some(value()?.parse()?),
            "--trace" => args.traced = true,
            "--all" => args.all = true,
            other => return Err(format!("{other} is not known")),
        }
    }
    Ok(args)
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text} is no number"))
}
