//! Writes lines from a thread of its own, so that a terminal or a pipe that takes nothing stops neither the connection
//! nor the signals.
//!
//! [`guard`]: only the program steers the terminal

mod guard;

use std::{
    io::{self, BufWriter, Write},
    thread,
};

use tokio::sync::{mpsc, oneshot};

use crate::{color::is_steerable, diagnostics::is_quiet, output::Line};
use guard::guarded;

/// How many lines may wait to be written; what comes beyond waits in the session, which is bounded too.
const WAITING: usize = 256;

/// Takes lines for stdout and stderr, and keeps their order.
#[derive(Debug)]
pub(crate) struct Printer {
    lines: mpsc::Sender<Line>,
    end: oneshot::Receiver<io::Result<()>>,
}

/// Nothing can be written any more; [`Printer::finish`] tells why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Closed;

impl Printer {
    /// Starts the thread, which writes data to stdout.
    pub(crate) fn start() -> io::Result<Self> {
        // No lock is held: the log writes to stderr too, and must not wait for this thread.
        Self::start_into(|| Ok(io::stdout()))
    }

    /// Starts the thread, which writes data into what `open` opens there; it may block.
    pub(crate) fn start_into<O: Write>(open: impl FnOnce() -> io::Result<O> + Send + 'static) -> io::Result<Self> {
        let (lines, taken) = mpsc::channel(WAITING);
        let (ended, end) = oneshot::channel();
        thread::Builder::new().name("printer".to_owned()).spawn(move || {
            let progress = is_steerable(&io::stderr()) && !is_quiet();
            let written = open().and_then(|out| {
                Writer { out: BufWriter::new(out), err: io::stderr(), progress, drawn: false }.run(taken)
            });
            // Nobody listens where the program ends without waiting.
            let _ = ended.send(written);
        })?;
        Ok(Self { lines, end })
    }

    /// Takes one line; waits while too many are waiting. May be dropped: the line is then not written.
    pub(crate) async fn print(&self, line: Line) -> Result<(), Closed> {
        self.lines.send(line).await.map_err(|_| Closed)
    }

    /// Takes one line if there is room for it: a farewell is not worth waiting for.
    pub(crate) fn offer(&self, line: Line) {
        drop(self.lines.try_send(line));
    }

    /// Waits until all is written. A reader who has seen enough (a closed pipe) is no failure.
    pub(crate) async fn finish(self) -> io::Result<()> {
        drop(self.lines);
        match self.end.await {
            Ok(Err(error)) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            Ok(_) | Err(_) => Ok(()),
        }
    }
}

struct Writer<O, E> {
    out: O,
    err: E,
    progress: bool,
    /// Whether a line of progress stands on the terminal.
    drawn: bool,
}

impl<O: Write, E: Write> Writer<O, E> {
    fn run(&mut self, mut lines: mpsc::Receiver<Line>) -> io::Result<()> {
        while let Some(first) = lines.blocking_recv() {
            let mut next = Some(first);
            while let Some(line) = next {
                self.write(line)?;
                next = lines.try_recv().ok();
            }
            self.out.flush()?;
        }
        self.erase();
        Ok(())
    }

    fn write(&mut self, line: Line) -> io::Result<()> {
        match line {
            Line::Data(text) => {
                self.erase();
                self.out.write_all(guarded(&text).as_bytes())?;
                self.out.write_all(b"\n")
            }
            // Where stderr is closed there is nobody to tell; the data still goes on.
            Line::Note(text) => {
                self.erase();
                // In one piece: what goes to stdout must not come between the line and its end.
                let _ = self.err.write_all(format!("{}\n", guarded(&text)).as_bytes());
                Ok(())
            }
            Line::Progress(text) => {
                if self.progress {
                    let _ = write!(self.err, "\r\x1b[K{}", guarded(&text)).and_then(|()| self.err.flush());
                    self.drawn = true;
                }
                Ok(())
            }
        }
    }

    fn erase(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = write!(self.err, "\r\x1b[K").and_then(|()| self.err.flush());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(lines: Vec<Line>, progress: bool) -> (String, String) {
        let (sender, receiver) = mpsc::channel(lines.len());
        for line in lines {
            sender.try_send(line).unwrap();
        }
        drop(sender);
        let mut writer = Writer { out: Vec::new(), err: Vec::new(), progress, drawn: false };
        writer.run(receiver).unwrap();
        (String::from_utf8(writer.out).unwrap(), String::from_utf8(writer.err).unwrap())
    }

    #[test]
    fn data_goes_to_stdout_and_notes_to_stderr() {
        let lines = vec![Line::Data("a".to_owned()), Line::Note("b".to_owned()), Line::Progress("1/2".to_owned())];
        assert_eq!(written(lines, false), ("a\n".to_owned(), "b\n".to_owned()));
    }

    #[test]
    fn progress_gives_way_to_lines_and_to_the_end() {
        let lines =
            vec![Line::Progress("1/2".to_owned()), Line::Note("b".to_owned()), Line::Progress("2/2".to_owned())];
        assert_eq!(written(lines, true).1, "\r\x1b[K1/2\r\x1b[Kb\n\r\x1b[K2/2\r\x1b[K");
    }

    #[test]
    fn a_closed_pipe_ends_the_writing() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let (sender, receiver) = mpsc::channel(1);
        sender.try_send(Line::Data("a".to_owned())).unwrap();
        let mut writer = Writer { out: Full, err: Vec::new(), progress: false, drawn: false };
        assert_eq!(writer.run(receiver).unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
