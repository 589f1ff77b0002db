//! One function per chore.

use crate::shell::{cargo, run, say};
use crate::tools;

/// Every test of the workspace: units, documentation's examples, and the binary against clients and brokers that
/// others wrote.
pub(crate) fn test(args: &[String]) -> Result<(), String> {
    tools::for_tests()?;
    run(cargo().args(["test", "--workspace"]).args(args))
}

/// `Cargo.lock` against the RustSec advisories.
pub(crate) fn audit(args: &[String]) -> Result<(), String> {
    let program = tools::cargo_audit()?;
    run(std::process::Command::new(program).arg("audit").args(args).current_dir(crate::shell::workspace()))
}

/// What has to pass before a merge. The tests come last, so that what is quick to say is said first.
pub(crate) fn ci() -> Result<(), String> {
    run(cargo().args(["fmt", "--all", "--check"]))?;
    run(cargo().args(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"]))?;
    run(cargo().args(["doc", "--workspace", "--no-deps", "--locked"]).env("RUSTDOCFLAGS", "-D warnings"))?;
    test(&["--locked".to_owned()])?;
    say("\nEverything passed.");
    Ok(())
}
