//! A network of a test's own: the test runs once more, as the only program of new namespaces, where it may do anything to
//! the network without any right outside.

use std::time::Duration;

use chatroom_testkit::process::{Home, Program};
use tokio::process::Command;
use tokio::time::sleep;

/// Says to the test that it runs inside.
const INSIDE: &str = "CHATROOM_TEST_INSIDE";
/// The process namespace ends whatever a test leaves behind.
const UNSHARE: [&str; 7] = ["--user", "--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--"];
/// Ours listen there.
const LOOPBACK: &str = "ip link set lo up";
/// `ip` is where only root's PATH looks.
const PATHS: &str = "PATH=$PATH:/usr/sbin:/sbin";
/// Longer than it takes until a program looks for networks again.
const BETWEEN: Duration = Duration::from_secs(3);

/// Whether this is the test that runs inside.
pub(super) fn is_inside() -> bool {
    std::env::var_os(INSIDE).is_some()
}

/// Runs the test of this name inside.
///
/// # Errors
/// Where that can't be: why.
pub(super) async fn run(test: &str) -> Result<(), String> {
    let probe = unshare(LOOPBACK).output().await.map_err(|error| format!("unshare: {error}"))?;
    if !probe.status.success() {
        return Err(String::from_utf8_lossy(&probe.stderr).trim().to_owned());
    }
    let this = std::env::current_exe().expect("a running test has a path");
    let mut inside = unshare(&format!("{LOOPBACK} && exec \"$0\" \"$@\""));
    inside.arg(this).args(["--exact", test, "--nocapture"]).env(INSIDE, "1");
    // Each of its waits is bounded, and a failure is told there.
    let ended = inside.output().await.expect("it started a moment ago");
    let told = String::from_utf8_lossy(&ended.stdout) + String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success() && told.contains("1 passed"), "{told}");
    Ok(())
}

/// Comes into one network after the other. Each is news to a program that has looked once before it came.
pub(super) async fn networks_come() {
    let home = Home::new();
    for number in 1.. {
        let address = format!("198.51.100.{number}");
        let come = format!("ip address add {address}/32 dev lo && ip route replace default dev lo src {address}");
        shell(&home, &come).run().await.assert_code(0);
        sleep(BETWEEN).await;
    }
}

fn unshare(script: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args(UNSHARE).args(["sh", "-c", &format!("{PATHS}; {script}")]).kill_on_drop(true);
    command
}

fn shell(home: &Home, script: &str) -> Program {
    Program::new("sh", home).args(["-c", &format!("{PATHS}; {script}")])
}
