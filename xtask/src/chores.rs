//! One function per chore.

use crate::shell::{cargo, run};
use crate::tools;

/// Every test of the workspace: units, documentation's examples, and the binary against clients and brokers that
/// others wrote.
pub(crate) fn test(args: &[String]) -> Result<(), String> {
    tools::for_tests()?;
    run(cargo().args(["test", "--workspace", "--locked"]).args(args))
}

/// `Cargo.lock` against the RustSec advisories.
pub(crate) fn audit(args: &[String]) -> Result<(), String> {
    let program = tools::cargo_audit()?;
    run(std::process::Command::new(program).arg("audit").args(args).current_dir(crate::shell::workspace()))
}

/// What is measured, by a release build; `docs/benchmarks.md` says how to read it.
pub(crate) fn bench() -> Result<(), String> {
    tools::for_tests()?;
    run(cargo().args(["build", "--release", "--locked"]))?;
    let binary = crate::shell::target()?.join("release").join("chatroom");
    run(std::process::Command::new("python3")
        .arg("bench/peers.py")
        .arg(binary)
        .arg(tools::interop())
        .current_dir(crate::shell::workspace()))?;
    for (example, args) in [
        ("appends", &["3"][..]),
        ("deliveries", &["1000", "8", "5"]),
        ("deliveries", &["200", "8", "5"]),
        ("deliveries", &["latency", "1000", "5"]),
        ("deliveries", &["returns", "2000"]),
    ] {
        let example = ["run", "--release", "--locked", "--package", "chatroom-server", "--example", example, "--"];
        run(cargo().args(example).args(args))?;
    }
    Ok(())
}
