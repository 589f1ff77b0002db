//! Programs in a home of their own: what they say, line by line, and how they end.

mod exit;
mod home;
mod output;
mod program;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStdin, Command};

use crate::patience::PATIENCE;

pub use exit::Exit;
pub use home::Home;
pub use program::Program;

use exit::transcript;
use output::Output;

/// A running program; it is ended by its id when this is dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    out: Output,
    err: Output,
}

impl Process {
    /// Its process id.
    ///
    /// # Panics
    /// If it has ended.
    pub fn id(&self) -> u32 {
        self.child.id().unwrap_or_else(|| panic!("it has ended already\n{}", self.transcript()))
    }

    /// Waits for a line of standard output for which `wanted` is true, from the first line on.
    ///
    /// # Panics
    /// If it ends without the line, or the line does not come in time.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn out_line(&self, wanted: impl Fn(&str) -> bool) -> String {
        self.until(&self.out, |lines| lines.iter().find(|line| wanted(line)).cloned()).await
    }

    /// The same for standard error.
    ///
    /// # Panics
    /// If it ends without the line, or the line does not come in time.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn err_line(&self, wanted: impl Fn(&str) -> bool) -> String {
        self.until(&self.err, |lines| lines.iter().find(|line| wanted(line)).cloned()).await
    }

    /// Waits until `look` finds what it wants in the lines of standard output so far.
    ///
    /// # Panics
    /// If it ends before, or that does not come in time.
    ///
    /// # Cancel safety
    /// May be dropped and called again.
    pub async fn out_until<T>(&self, look: impl Fn(&[String]) -> Option<T>) -> T {
        self.until(&self.out, look).await
    }

    /// The lines of standard output so far.
    pub fn out(&self) -> Vec<String> {
        self.out.said.borrow().lines.clone()
    }

    /// The lines of standard error so far.
    pub fn err(&self) -> Vec<String> {
        self.err.said.borrow().lines.clone()
    }

    /// Writes a line to its open input.
    ///
    /// # Panics
    /// If the input was not opened, or is closed.
    ///
    /// # Cancel safety
    /// A part of the line may have been written.
    pub async fn say(&mut self, line: &str) {
        let stdin = self.stdin.as_mut().expect("the input was opened with `open_input`");
        stdin.write_all(format!("{line}\n").as_bytes()).await.expect("the program reads its input");
    }

    /// Closes its open input.
    pub fn close_input(&mut self) {
        self.stdin = None;
    }

    /// Sends it a signal by name, such as `INT`.
    ///
    /// # Panics
    /// If it has ended.
    ///
    /// # Cancel safety
    /// The signal may have been sent.
    pub async fn signal(&self, signal: &str) {
        let command = format!("kill -s {signal} {}", self.id());
        let status = Command::new("sh").arg("-c").arg(&command).status().await.expect("there is a shell");
        assert!(status.success(), "`{command}` failed\n{}", self.transcript());
    }

    /// Ends it at once and waits until it is gone: `kill -9`.
    ///
    /// # Cancel safety
    /// The signal may have been sent.
    pub async fn kill(mut self) -> Exit {
        self.child.start_kill().expect("the program runs");
        self.exit().await
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If it does not end in time.
    ///
    /// # Cancel safety
    /// The program is ended if this is dropped.
    pub async fn exit(mut self) -> Exit {
        self.stdin = None;
        let ended = tokio::time::timeout(PATIENCE, async {
            let status = self.child.wait().await.expect("a started program has a status");
            for output in [&mut self.out, &mut self.err] {
                drop((&mut output.reader).await);
            }
            status
        });
        let Ok(status) = ended.await else {
            panic!("it did not end in {} s\n{}", PATIENCE.as_secs(), self.transcript());
        };
        Exit { code: status.code(), out: self.out(), err: self.err(), name: self.name }
    }

    async fn until<T>(&self, output: &Output, look: impl Fn(&[String]) -> Option<T>) -> T {
        let mut said = output.said.clone();
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                {
                    let said = said.borrow_and_update();
                    if let Some(found) = look(&said.lines) {
                        return Some(found);
                    }
                    if said.ended {
                        return None;
                    }
                }
                if said.changed().await.is_err() {
                    return None;
                }
            }
        });
        let Ok(found) = found.await else {
            panic!("the line wanted did not come in {} s\n{}", PATIENCE.as_secs(), self.transcript());
        };
        found.unwrap_or_else(|| panic!("it ended without the line wanted\n{}", self.transcript()))
    }

    /// The command and all that it said, for a failed test.
    pub fn transcript(&self) -> String {
        transcript(&self.name, &self.out(), &self.err())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_program_says_lines_and_ends_with_a_code() {
        let home = Home::new();
        let exit =
            shell(&home, "read -r name; echo \"$name in $HOME\"; echo oops >&2; exit 3").input("me\n").run().await;
        let exit = exit.assert_code(3);
        assert_eq!(exit.out, [format!("me in {}", home.path().display())]);
        assert_eq!(exit.err, ["oops"]);
    }

    #[tokio::test]
    async fn a_line_is_awaited_and_a_signal_ends_the_program() {
        let home = Home::new();
        let program = shell(&home, "trap 'echo bye; exit 0' TERM; echo ready; while read -r line; do :; done");
        let process = program.open_input().start();
        assert_eq!(process.out_line(|line| line.starts_with("rea")).await, "ready");
        // Not INT: what was started in the background ignores that, and a shell can't change it.
        process.signal("TERM").await;
        // Its input ends with `exit`, and a shell that reads the end may leave without looking for signals.
        process.out_line(|line| line == "bye").await;
        process.exit().await.assert_code(0);
    }

    #[tokio::test]
    #[should_panic(expected = "it ended without the line wanted")]
    async fn waiting_for_a_line_fails_when_the_program_ends_without_it() {
        shell(&Home::new(), "echo other").start().out_line(|line| line == "wanted").await;
    }

    #[tokio::test]
    async fn a_killed_program_has_no_exit_code() {
        let home = Home::new();
        let process = shell(&home, "echo ready; while :; do read -r line; done").open_input().start();
        process.out_line(|line| line == "ready").await;
        assert_eq!(process.kill().await.code, None);
    }

    fn shell(home: &Home, script: &str) -> Program {
        Program::new("sh", home).args(["-c", script])
    }
}
