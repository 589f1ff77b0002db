//! Makes storms of faults until one breaks a promise: `cargo xtask storm --runs 10000 [--seed S] [--break RULE] [--trace]`.
//!
//! Ends with 1 and the command that makes the storm again if one broke a promise. With `--break` it is the other way
//! round: a rule is broken on purpose, and storms that do not notice within the runs are the failure. Ctrl-C ends it with
//! what was found so far, and 130.
#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's output")]

mod explore;

use std::{process::ExitCode, time::Instant};

use chatroom_testkit::world::{Breach, Storm, run};

use explore::{Explored, explore};

const USAGE: &str = "usage: storm [--runs N] [--seed S] [--break RULE] [--trace] [--all]";
/// What shells expect of a program that Ctrl-C has ended.
const INTERRUPTED: u8 = 130;

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
    let found = match explore(&args) {
        Ok(found) => found,
        Err(error) => {
            eprintln!("Ctrl-C can't be listened for: {error}");
            return ExitCode::from(2);
        }
    };
    let seconds = began.elapsed().as_secs_f64();
    let Explored { made, tally, failures, first, interrupted } = found;
    println!(
        "{made} storms in {seconds:.1} s, {:.0} a second{}",
        f64::from(u32::try_from(made).unwrap_or(u32::MAX)) / seconds.max(1e-9),
        if interrupted { "; interrupted" } else { "" }
    );
    println!("{tally}");
    match (failures, args.breach) {
        (0, None) => println!("no promise was broken"),
        (0, Some(rule)) => println!("{rule} was broken, and nothing noticed"),
        (_, None) => println!("a promise was broken in {failures} of them"),
        (_, Some(rule)) => println!("{rule} was broken, and {failures} of them noticed"),
    }
    if let Some(storm) = first {
        let outcome = run(Storm { traced: args.traced, ..storm });
        outcome.trace.iter().for_each(|line| println!("{line}"));
        println!("seed {}: {}", storm.seed, outcome.violation.unwrap_or_default());
        println!("again, with all that happened: {storm}");
    }
    if args.breach.is_none() && failures > 0 {
        ExitCode::FAILURE
    } else if interrupted {
        ExitCode::from(INTERRUPTED)
    } else if args.breach.is_some() && failures == 0 {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
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
