//! `cargo xtask fuzz`: explores with the targets of `fuzz/`; docs/fuzzing.md says how to read what it finds.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::shell::{run, say, succeeds, target, workspace};
use crate::tools;

/// How long each target is explored where nobody says.
const MINUTES: u64 = 5;
/// The longest input: more than a packet needs to be odd in a new way.
const LENGTH_MAX: usize = 4096;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
struct Wish {
    minutes: u64,
    /// One target; without one, each in turn.
    target: Option<String>,
    /// Take what was found into the corpora, as few files as reach as much.
    keep: bool,
}

/// Explores each target for some minutes, beginning with its corpus. Stops at the first input that breaks a promise.
pub(crate) fn fuzz(args: &[String]) -> Result<(), String> {
    let wish = read(args)?;
    let all = targets()?;
    if let Some(unknown) = wish.target.iter().find(|name| !all.contains(name)) {
        return Err(format!("there is no target `{unknown}`; there are {}", all.join(", ")));
    }
    needs()?;
    let chosen: Vec<&String> = all.iter().filter(|name| wish.target.as_ref().is_none_or(|one| one == *name)).collect();
    run(cargo_fuzz()?.arg("build").args(chosen.as_slice().first().filter(|_| chosen.len() == 1)).args(directory()?))?;
    for (place, name) in chosen.iter().enumerate() {
        say(&format!("\n# {name}, {} of {}: {} minutes", place + 1, chosen.len(), wish.minutes));
        explore(name, wish.minutes)?;
        if wish.keep {
            keep(name)?;
        }
    }
    say("\nNo input broke a promise.");
    Ok(())
}

fn explore(name: &str, minutes: u64) -> Result<(), String> {
    let found = found(name)?;
    std::fs::create_dir_all(&found).map_err(|error| format!("`{}`: {error}", found.display()))?;
    let mut command = cargo_fuzz()?;
    command.arg("run").arg(name).args(directory()?).args([found, corpus(name)]).arg("--");
    command.args([format!("-max_total_time={}", minutes * 60), format!("-max_len={LENGTH_MAX}")]);
    command.args(["-timeout=10", "-rss_limit_mb=2048", "-malloc_limit_mb=64", "-print_final_stats=1"]);
    run(&mut command).map_err(|error| {
        let kept = workspace().join("fuzz").join("artifacts").join(name);
        format!(
            "{error}\n  The input is in {}; this runs it again:\n  cargo +nightly fuzz run {name} FILE\n  \
             Once it is mended, put the file into {}: every test run replays it.",
            kept.display(),
            corpus(name).display()
        )
    })
}

/// As few inputs as reach what all that were found reach, into the corpus.
fn keep(name: &str) -> Result<(), String> {
    let mut command = cargo_fuzz()?;
    command.arg("run").arg(name).args(directory()?).args([corpus(name), found(name)?]);
    run(command.args(["--", "-merge=1"]).arg(format!("-max_len={LENGTH_MAX}")))
}

/// `--minutes N`, `--target T`, `--keep`.
fn read(args: &[String]) -> Result<Wish, String> {
    let mut wish = Wish { minutes: MINUTES, target: None, keep: false };
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("`{arg}` needs a value"));
        match arg.as_str() {
            "--minutes" => {
                let said = value()?;
                let minutes = said.parse().ok().filter(|minutes| (1..=100_000).contains(minutes));
                wish.minutes = minutes.ok_or_else(|| format!("`--minutes {said}` is no number of minutes"))?;
            }
            "--target" => wish.target = Some(value()?.clone()),
            "--keep" => wish.keep = true,
            _ => return Err(format!("`{arg}` is not known here: --minutes N, --target NAME, --keep")),
        }
    }
    Ok(wish)
}

/// What a fuzzer needs, or what is missing, in words.
fn needs() -> Result<(), String> {
    if !succeeds("cargo", &["+nightly", "--version"]) {
        return Err("fuzzing needs a nightly toolchain: run `rustup toolchain install nightly` and try again.\n  \
                    Without one, `cargo test -p chatroom-fuzzed` replays all that was ever found."
            .to_owned());
    }
    if !succeeds("c++", &["--version"]) {
        return Err("fuzzing needs a C++ compiler (`c++`) for libFuzzer".to_owned());
    }
    Ok(())
}

/// `cargo fuzz` on nightly, in the workspace.
fn cargo_fuzz() -> Result<Command, String> {
    let program = tools::cargo_fuzz()?;
    // This runs under a `cargo` that names its own toolchain to all that it starts.
    let mut command = Command::new(program);
    command.env_remove("CARGO").env("RUSTUP_TOOLCHAIN", "nightly").arg("fuzz").current_dir(workspace());
    // It also says of which package this is; build scripts that look at that would run anew.
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|start| name.to_string_lossy().starts_with(start)) {
            command.env_remove(name);
        }
    }
    Ok(command)
}

/// Beside all else that is built.
fn directory() -> Result<[PathBuf; 2], String> {
    Ok([PathBuf::from("--target-dir"), target()?.join("fuzz")])
}

fn corpus(name: &str) -> PathBuf {
    Path::new("fuzz").join("corpus").join(name)
}

/// What was found since, which is no part of the repository.
fn found(name: &str) -> Result<PathBuf, String> {
    Ok(target()?.join("fuzz").join("found").join(name))
}

fn targets() -> Result<Vec<String>, String> {
    let folder = workspace().join("fuzz").join("fuzz_targets");
    let entries = std::fs::read_dir(&folder).map_err(|error| format!("`{}`: {error}", folder.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.path().file_stem().map(|stem| stem.to_string_lossy().into_owned()))
        .collect();
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(line: &str) -> Result<Wish, String> {
        read(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn each_target_gets_its_minutes() {
        assert_eq!(wish(""), Ok(Wish { minutes: MINUTES, target: None, keep: false }));
        let storm = Wish { minutes: 30, target: Some("storm".to_owned()), keep: true };
        assert_eq!(wish("--minutes 30 --target storm --keep"), Ok(storm));
    }

    #[test]
    fn what_is_not_understood_is_refused_in_words() {
        for line in ["--minutes", "--minutes 0", "--minutes many", "--target", "--seconds 5", "storm"] {
            assert!(wish(line).is_err_and(|error| error.contains('`')), "{line}");
        }
    }
}
