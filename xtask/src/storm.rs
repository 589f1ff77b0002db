//! Storms of faults over the whole system in a simulated world, in a release build.

use crate::shell::{cargo, run, target};

/// Makes storms until one breaks a promise; the arguments are those of the example `storm` of `chatroom-testkit`.
pub(crate) fn storm(args: &[String]) -> Result<(), String> {
    run(cargo().args(["build", "--release", "--locked", "--package", "chatroom-testkit", "--example", "storm"]))?;
    run(std::process::Command::new(target()?.join("release").join("examples").join("storm")).args(args))
}
