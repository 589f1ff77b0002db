//! The project's own chores: `cargo xtask help` lists them.
//!
//! - [`shell`]: runs a program, says so, takes the time
//! - [`tools`]: what the tests need beyond Rust, installed where it is missing
//! - [`chores`]: one function per chore
//! - [`fuzz`]: looks for inputs that break a promise
//! - [`storm`]: looks for storms of faults that do
#![forbid(unsafe_code)]

mod chores;
mod fuzz;
mod shell;
mod storm;
mod tools;

use std::process::ExitCode;

const HELP: &str = "\
The project's own chores.

Usage: cargo xtask <CHORE> [ARGS]

Chores:
  test [ARGS]   Runs every test of the workspace; ARGS go to `cargo test`
                Needs node, python3, mosquitto, nginx, slowhttptest and faketime, and installs what is missing of them
  audit [ARGS]  Checks Cargo.lock against the RustSec advisories; ARGS go to `cargo audit`:
                --db DIR     takes the advisories from this folder
                --no-fetch   does not fetch them
                --stale      accepts that they are old
  bench         Measures: the store's appends, the server's deliveries, and the clients against MQTT.js
  fuzz [ARGS]   Looks for inputs that break a promise, on a nightly toolchain (docs/fuzzing.md):
                --minutes N    for so long with each target
                --target NAME  with this one alone
                --keep         takes what is new into fuzz/corpus
  storm [ARGS]  Looks for storms of faults that break a promise, in a simulated world:
                --runs N       so many, from --seed S on
                --break RULE   breaks a rule on purpose, to see that it is noticed
                --trace        tells all that happened in the storm that failed
  help          Prints this";

fn main() -> ExitCode {
    let mut args = std::env::args().skip(1);
    let chore = args.next();
    let rest: Vec<String> = args.collect();
    let done = match (chore.as_deref(), rest.is_empty()) {
        (Some("test"), _) => chores::test(&rest),
        (Some("audit"), _) => chores::audit(&rest),
        (Some("bench"), true) => chores::bench(),
        (Some("fuzz"), _) => fuzz::fuzz(&rest),
        (Some("storm"), _) => storm::storm(&rest),
        (Some("help" | "-h" | "--help"), _) => {
            shell::print(HELP);
            Ok(())
        }
        _ => {
            shell::say(HELP);
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            shell::say(&format!("\nerror: {error}"));
            ExitCode::FAILURE
        }
    }
}
