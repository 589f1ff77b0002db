//! How a program ended.

use std::fmt::Write as _;

/// How a program ended, and all that it said.
#[derive(Clone, Debug)]
pub struct Exit {
    /// Its exit code; nothing if a signal ended it.
    pub code: Option<i32>,
    /// The lines of its standard output.
    pub out: Vec<String>,
    /// The lines of its standard error.
    pub err: Vec<String>,
    pub(super) name: String,
}

impl Exit {
    /// The command and all that it said, for a failed test.
    pub fn transcript(&self) -> String {
        format!("{}exit code: {:?}", transcript(&self.name, &self.out, &self.err), self.code)
    }

    /// Checks the exit code.
    ///
    /// # Panics
    /// If it is another.
    #[track_caller]
    pub fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "{}", self.transcript());
        self
    }
}

/// A command and what it said.
pub(super) fn transcript(name: &str, out: &[String], err: &[String]) -> String {
    let mut text = format!("$ {name}\n");
    for (stream, lines) in [("stdout", out), ("stderr", err)] {
        let _ = writeln!(text, "--- {stream}, {} lines", lines.len());
        for line in lines {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}
