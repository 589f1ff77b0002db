//! The second place where strangers' text is shown: each event of the log is one line that is safe to show, whatever its
//! fields quote.

use std::io;

use chatroom_wire::SafeText;
use tracing_subscriber::fmt::MakeWriter;

/// Makes writers of safe lines.
#[derive(Debug, Clone)]
pub(super) struct SafeLines<W>(pub(super) W);

/// Takes one event with each write, as the formatter hands them over.
#[derive(Debug)]
pub(super) struct SafeLine<W>(W);

impl<'a, W: MakeWriter<'a>> MakeWriter<'a> for SafeLines<W> {
    type Writer = SafeLine<W::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        SafeLine(self.0.make_writer())
    }
}

impl<W: io::Write> io::Write for SafeLine<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let line = SafeText::line(text.strip_suffix('\n').unwrap_or(&text));
        self.0.write_all(format!("{line}\n").as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
