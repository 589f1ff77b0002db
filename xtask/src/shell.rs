//! Runs a program, says so, takes the time.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Runs a program with this process's output and fails if it fails.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let line = line(command);
    say(&format!("\n$ {line}"));
    let start = Instant::now();
    let status = command.status().map_err(|error| format!("`{line}` does not start: {error}"))?;
    let seconds = start.elapsed().as_secs_f32();
    if !status.success() {
        return Err(format!("`{line}` failed after {seconds:.1} s ({status})"));
    }
    say(&format!("# {seconds:.1} s: {line}"));
    Ok(())
}

/// Whether a program runs and succeeds; its output is dropped.
pub(crate) fn succeeds(program: impl AsRef<OsStr>, args: &[&str]) -> bool {
    let quiet =
        Command::new(program).args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    quiet.is_ok_and(|status| status.success())
}

/// `cargo`, the one that runs this.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(workspace());
    command
}

/// The workspace's folder.
pub(crate) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this package lies in the workspace's folder")
}

/// The folder that cargo builds into: this program lies in `debug` below it.
pub(crate) fn target() -> Result<PathBuf, String> {
    let program = std::env::current_exe().map_err(|error| format!("the folder `target` can't be found: {error}"))?;
    let target = program.ancestors().nth(2).ok_or("this program is not where cargo puts it")?;
    Ok(target.to_owned())
}

/// Writes a line of progress.
pub(crate) fn say(text: &str) {
    // Nobody is left to tell if this fails.
    drop(writeln!(std::io::stderr(), "{text}"));
}

/// Writes a line that was asked for.
pub(crate) fn print(text: &str) {
    drop(writeln!(std::io::stdout(), "{text}"));
}

fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name().unwrap_or_default();
    let words = std::iter::once(program).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}
