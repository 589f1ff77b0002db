//! What the tests need beyond Rust, installed where it is missing.

use std::path::PathBuf;
use std::process::Command;

use crate::shell::{cargo, run, say, succeeds, target, workspace};

/// Node with `mqtt`, Python with `paho-mqtt`, Mosquitto, nginx, Schemathesis, slowhttptest, faketime: clients, a broker, a
/// proxy and testers that others wrote.
///
/// Fails with a list of what is missing and can't be installed here.
pub(crate) fn for_tests() -> Result<(), String> {
    let parts: [(&str, Ensure); 7] = [
        ("MQTT.js", mqtt_js),
        ("paho-mqtt", paho),
        ("Mosquitto", mosquitto),
        ("nginx", nginx),
        ("Schemathesis", schemathesis),
        ("slowhttptest", slowhttptest),
        ("faketime", faketime),
    ];
    let mut missing = Vec::new();
    for (name, ensure) in parts {
        if let Err(error) = ensure() {
            missing.push(format!("{name}: {error}"));
        }
    }
    if missing.is_empty() { Ok(()) } else { Err(format!("the tests can't run without\n  {}", missing.join("\n  "))) }
}

/// Where `cargo-audit` is: built into `target/tools` at first use.
pub(crate) fn cargo_audit() -> Result<PathBuf, String> {
    cargo_tool("cargo-audit", &["audit", "--version"])
}

/// Where `cargo-fuzz` is: built into `target/tools` at first use.
pub(crate) fn cargo_fuzz() -> Result<PathBuf, String> {
    cargo_tool("cargo-fuzz", &["fuzz", "--version"])
}

fn cargo_tool(name: &str, version: &[&str]) -> Result<PathBuf, String> {
    let root = target()?.join("tools");
    let program = root.join("bin").join(name);
    if !succeeds(&program, version) {
        say(&format!("{name} is not built yet; this takes some minutes, once."));
        run(cargo().args(["install", name, "--locked", "--root"]).arg(&root))?;
    }
    Ok(program)
}

type Ensure = fn() -> Result<(), String>;

fn mqtt_js() -> Result<(), String> {
    if !succeeds("node", &["--version"]) {
        install(&["nodejs", "npm"])?;
    }
    let folder = interop();
    // Written by npm at the end of a whole install.
    let installed = folder.join("node_modules").join(".package-lock.json");
    if is_newer(&installed, &folder.join("package-lock.json")) {
        return Ok(());
    }
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(folder))
}

fn paho() -> Result<(), String> {
    python("interop-venv", "requirements.txt", "paho.mqtt.client")
}

/// In an environment of its own: it brings thirty packages.
fn schemathesis() -> Result<(), String> {
    python("contract-venv", "requirements-contract.txt", "schemathesis")
}

/// An environment below `target`, with exactly what its list says.
fn python(venv: &str, requirements: &str, module: &str) -> Result<(), String> {
    if !succeeds("python3", &["--version"]) {
        install(&["python3", "python3-venv"])?;
    }
    let venv = target()?.join(venv);
    let python = venv.join("bin").join("python3");
    let requirements = interop().join(requirements);
    let installed = venv.join("installed");
    if is_newer(&installed, &requirements) && succeeds(&python, &["-c", &format!("import {module}")]) {
        return Ok(());
    }
    let make = || run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv));
    if make().is_err() {
        // Debian ships the module in a package of its own.
        install(&["python3-venv"])?;
        make()?;
    }
    let mut pip = Command::new(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&requirements);
    run(&mut pip)?;
    std::fs::write(&installed, "").map_err(|error| format!("`{}` can't be written: {error}", installed.display()))
}

fn mosquitto() -> Result<(), String> {
    program("mosquitto", "mosquitto")
}

fn nginx() -> Result<(), String> {
    program("nginx", "nginx-light")
}

fn faketime() -> Result<(), String> {
    program("faketime", "faketime")
}

fn slowhttptest() -> Result<(), String> {
    program("slowhttptest", "slowhttptest")
}

/// A program from a Debian package; servers are where only root's PATH looks.
fn program(name: &str, package: &str) -> Result<(), String> {
    let look = format!("PATH=$PATH:/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin command -v {name}");
    let is_there = || succeeds("sh", &["-c", &look]);
    if !is_there() {
        install(&[package])?;
    }
    if is_there() { Ok(()) } else { Err("it is not on the PATH".to_owned()) }
}

/// Installs Debian packages, as root or through `sudo` where it asks for no password.
fn install(packages: &[&str]) -> Result<(), String> {
    if !succeeds("apt-get", &["--version"]) {
        return Err(format!("install {} and try again (there is no apt-get here)", packages.join(" and ")));
    }
    let is_root = succeeds("sh", &["-c", "test \"$(id -u)\" = 0"]);
    if !is_root && !succeeds("sudo", &["-n", "true"]) {
        return Err(format!("run `apt-get install {}` as root and try again", packages.join(" ")));
    }
    let apt = |args: &[&str]| {
        let mut command = if is_root { Command::new("apt-get") } else { Command::new("sudo") };
        if !is_root {
            command.args(["-n", "apt-get"]);
        }
        command.args(["-o", "DPkg::Lock::Timeout=240"]).args(args).env("DEBIAN_FRONTEND", "noninteractive");
        run(&mut command)
    };
    apt(&["update"])?;
    apt(&[&["install", "-y", "--no-install-recommends"], packages].concat())
}

/// The folder of the clients that others wrote.
pub(crate) fn interop() -> PathBuf {
    workspace().join("crates").join("cli").join("tests").join("interop")
}

fn is_newer(made: &std::path::Path, from: &std::path::Path) -> bool {
    let time = |path: &std::path::Path| path.metadata().and_then(|data| data.modified()).ok();
    matches!((time(made), time(from)), (Some(made), Some(from)) if made >= from)
}
