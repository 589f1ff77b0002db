//! The one renderer of failures: what failed, why, and what to do.
//!
//! ```text
//! error: the room can't be joined
//!   Caused by: no secure connection to host.example: UnknownIssuer
//!
//! hint: …
//! ```

use std::{
    fmt::Write as _,
    io::Write as _,
    sync::atomic::{AtomicBool, Ordering},
};

use chatroom_wire::SafeText;

use crate::{
    color::{ColorChoice, Palette, Style},
    failure::Failure,
    hint,
};

/// Whether errors alone are told, for as long as the program runs.
static QUIET: AtomicBool = AtomicBool::new(false);

/// Has errors told, and nothing else.
pub(crate) fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Whether errors alone are to be told.
pub(crate) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Tells a failure on stderr, with a note on what else may matter.
pub(crate) fn report(failure: &Failure, note: Option<&str>, color: ColorChoice) {
    let mut stderr = std::io::stderr();
    let text = render(failure, note, color.palette(&stderr));
    // Where stderr is closed there is nobody to tell.
    let _ = stderr.write_all(text.as_bytes());
}

/// Tells something that works, and might surprise.
pub(crate) fn warn(warning: &str, color: ColorChoice) {
    if is_quiet() {
        return;
    }
    let mut stderr = std::io::stderr();
    let label = color.palette(&stderr).paint(Style::Yellow, "warning:").to_string();
    let _ = stderr.write_all(format!("{label} {}\n", SafeText::line(warning)).as_bytes());
}

/// Tells a person something by the way.
pub(crate) fn note(text: &str, color: ColorChoice) {
    if !is_quiet() {
        detail(text, color);
    }
}

/// Tells a person what belongs to a failure.
pub(crate) fn detail(text: &str, color: ColorChoice) {
    let mut stderr = std::io::stderr();
    let line = format!("{}\n", color.palette(&stderr).paint(Style::Dim, SafeText::line(text)));
    let _ = stderr.write_all(line.as_bytes());
}

/// Causes can quote a server: each is made one safe line.
fn render(failure: &Failure, note: Option<&str>, palette: Palette) -> String {
    let mut text = format!("{} {}\n", palette.paint(Style::Red, "error:"), SafeText::line(&failure.to_string()));
    let mut last = failure.to_string();
    for cause in failure.causes() {
        let told = cause.to_string();
        // A wrapper that says the same as what it wraps would say it twice.
        if told != last {
            let _ = writeln!(text, "  {} {}", palette.paint(Style::Red, "Caused by:"), SafeText::line(&told));
        }
        last = told;
    }
    if let Some(note) = note {
        let _ = writeln!(text, "\n{} {}", palette.paint(Style::Yellow, "note:"), SafeText::line(note));
    }
    let _ = writeln!(text, "\n{} {}", palette.paint(Style::Cyan, "hint:"), hint::failure(failure));
    text
}

#[cfg(test)]
mod tests;
