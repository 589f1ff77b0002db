//! What is to be started, with what.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::output::Output;
use super::{Exit, Home, Process};

/// A program to start.
#[derive(Debug)]
pub struct Program {
    command: Command,
    name: String,
    input: Input,
}

#[derive(Debug)]
enum Input {
    Nothing,
    Text(Vec<u8>),
    Open,
}

impl Program {
    /// A program with nothing of this process's environment but `PATH`, at home in `home`, its input empty.
    pub fn new(path: impl AsRef<OsStr>, home: &Home) -> Self {
        let mut command = Command::new(path.as_ref());
        let home = home.path();
        command.current_dir(home).env_clear().envs(std::env::vars_os().filter(|(name, _)| name == "PATH"));
        command.env("HOME", home).env("TMPDIR", home.join("tmp"));
        for (name, folder) in [
            ("XDG_CONFIG_HOME", ".config"),
            ("XDG_DATA_HOME", ".local/share"),
            ("XDG_STATE_HOME", ".local/state"),
            ("XDG_CACHE_HOME", ".cache"),
        ] {
            command.env(name, home.join(folder));
        }
        let name = Path::new(path.as_ref()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        Self { command, name, input: Input::Nothing }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        let _ = write!(self.name, " {}", arg.as_ref().to_string_lossy());
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(self, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Gives it this as its whole input.
    #[must_use]
    pub fn input(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.input = Input::Text(text.into());
        self
    }

    /// Keeps its input open for [`Process::say`].
    #[must_use]
    pub fn open_input(mut self) -> Self {
        self.input = Input::Open;
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// If there is no such program.
    pub fn start(mut self) -> Process {
        let wants_input = !matches!(self.input, Input::Nothing);
        let child = self
            .command
            .stdin(if wants_input { Stdio::piped() } else { Stdio::null() })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut child = child.unwrap_or_else(|error| panic!("`{}` does not start: {error}", self.name));
        let mut stdin = child.stdin.take();
        if let Input::Text(text) = self.input {
            let mut stdin = stdin.take().expect("the input is piped");
            tokio::spawn(async move {
                // A program may end before it read all.
                drop(stdin.write_all(&text).await);
            });
        }
        let out = Output::read(child.stdout.take().expect("the output is piped"));
        let err = Output::read(child.stderr.take().expect("the error output is piped"));
        Process { name: self.name, child, stdin, out, err }
    }

    /// Starts it and waits for its end.
    ///
    /// # Panics
    /// If it does not end in time.
    ///
    /// # Cancel safety
    /// The program is ended if this is dropped.
    pub async fn run(self) -> Exit {
        self.start().exit().await
    }
}
