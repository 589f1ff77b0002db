//! Where the messages go: stdout, or a file that gets its name once it is complete.

use std::{
    fs::{self, File},
    io::{self, BufWriter, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use chatroom_wire::{Message, SafeText, User};
use tokio::time::timeout;

use super::{End, writer::Writer};
use crate::{
    args::GlobalArgs,
    color::{Palette, Style},
    commands::{
        FAREWELL, check_free,
        stop::Stop,
        tail::{finish, start_printer},
    },
    failure::Failure,
    output::Line,
    printer::Printer,
    words::thousands,
};

/// Takes messages.
pub(super) struct Sink {
    writer: Writer,
    printer: Printer,
    err: Palette,
    export: Option<Export>,
    written: u64,
    begun: bool,
}

/// Whether it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    On,
    /// Somebody wants it to stop.
    Stopped,
    /// Nobody reads any more.
    Closed,
}

impl Sink {
    /// Nothing is written before the first message is there.
    pub(super) fn new(
        export: Option<PathBuf>,
        force: bool,
        writer: Writer,
        global: &GlobalArgs,
    ) -> Result<Self, Failure> {
        let export = export.map(|path| Export::new(path, force)).transpose()?;
        let err = global.color.palette(&io::stderr());
        Ok(Self { writer, printer: start_printer()?, err, export, written: 0, begun: false })
    }

    /// Marks names that look like those of these admins.
    pub(super) fn learn_room(&mut self, admins: &[User]) {
        self.writer.learn_room(admins);
    }

    /// Writes a message.
    pub(super) async fn message(&mut self, message: &Message, stop: &mut Stop) -> Result<Flow, Failure> {
        let Some(text) = self.writer.message(message) else { return Ok(Flow::On) };
        self.begin(stop).await?;
        let flow = self.write(text, stop).await?;
        self.written += u64::from(flow == Flow::On);
        Ok(flow)
    }

    /// Tells a person that something is not as it should be. It is never left out, as progress may be.
    pub(super) async fn warn(&self, text: &str, stop: &mut Stop) -> Flow {
        let line = Line::Note(self.err.paint(Style::Yellow, SafeText::line(text)).to_string());
        tokio::select! {
            biased;
            // Where nothing can be written any more, the next message will tell.
            _ = self.printer.print(line) => Flow::On,
            () = stop.signal() => Flow::Stopped,
        }
    }

    /// Tells a person how far it is.
    pub(super) fn progress(&self, text: String) {
        self.printer.offer(Line::Progress(text));
    }

    /// Makes what was written well-formed, gives a complete export its name, and says what became of it.
    pub(super) async fn end(mut self, end: End, stop: &mut Stop) -> Result<(), Failure> {
        let complete = matches!(end, End::Complete);
        // An empty room is a complete export; a failure before the first message leaves nothing at all.
        if complete || self.begun {
            self.begin(stop).await?;
            if let Some(text) = self.writer.end(complete)
                && !matches!(end, End::Enough)
            {
                // Where the reader takes nothing any more, an end that nobody waits for is not worth waiting for.
                let patience = if complete { Duration::MAX } else { FAREWELL };
                timeout(patience, self.write(text, stop)).await.unwrap_or(Ok(Flow::Stopped))?;
            }
        }
        let is_export = self.export.is_some();
        if let Some(export) = self.export.take() {
            let messages = if self.written == 1 { "message" } else { "messages" };
            let count = format!("{} {messages}", thousands(self.written));
            if complete {
                let path = export.keep()?;
                let line =
                    self.err.paint(Style::Dim, SafeText::line(&format!("{count} in {}", path.display()))).to_string();
                self.printer.offer(Line::Note(line));
            } else if let Some(part) = export.leave()? {
                self.warn(&format!("{count} until then are in {}", part.display()), stop).await;
            }
        }
        if complete && self.written == 0 && !is_export {
            self.printer.offer(Line::Note(self.err.paint(Style::Dim, "there are no such messages").to_string()));
        }
        finish(self.printer, stop, matches!(end, End::Stopped)).await.map_err(Failure::Output)?;
        match end {
            End::Complete | End::Enough => Ok(()),
            End::Stopped => Err(Failure::Unfinished),
            End::Failed(failure) => Err(failure),
        }
    }

    async fn begin(&mut self, stop: &mut Stop) -> Result<(), Failure> {
        if !std::mem::replace(&mut self.begun, true)
            && let Some(text) = self.writer.begin()
        {
            self.write(text, stop).await?;
        } else if let Some(export) = &mut self.export {
            export.open()?;
        }
        Ok(())
    }

    async fn write(&mut self, text: String, stop: &mut Stop) -> Result<Flow, Failure> {
        if let Some(export) = &mut self.export {
            export.write(&text)?;
            return Ok(Flow::On);
        }
        tokio::select! {
            biased;
            taken = self.printer.print(Line::Data(text)) => Ok(if taken.is_ok() { Flow::On } else { Flow::Closed }),
            () = stop.signal() => Ok(Flow::Stopped),
        }
    }
}

/// A file on its way.
struct Export {
    path: PathBuf,
    part: PathBuf,
    force: bool,
    file: Option<BufWriter<File>>,
}

impl Export {
    fn new(path: PathBuf, force: bool) -> Result<Self, Failure> {
        check_free(&path, force)?;
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(".part");
        Ok(Self { part: path.with_file_name(name), path, force, file: None })
    }

    fn open(&mut self) -> Result<&mut BufWriter<File>, Failure> {
        let file = match self.file.take() {
            Some(file) => file,
            None => BufWriter::new(File::create(&self.part).map_err(|source| failed(&self.part, source))?),
        };
        Ok(self.file.insert(file))
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        let file = self.open()?;
        let written = file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n"));
        written.map_err(|source| failed(&self.part, source))
    }

    /// Gives the file its name.
    fn keep(mut self) -> Result<PathBuf, Failure> {
        self.close()?;
        // Somebody else may have made it meanwhile.
        check_free(&self.path, self.force)?;
        fs::rename(&self.part, &self.path).map_err(|source| failed(&self.path, source))?;
        Ok(self.path)
    }

    /// Leaves what there is under its other name.
    fn leave(mut self) -> Result<Option<PathBuf>, Failure> {
        let is_there = self.file.is_some();
        self.close()?;
        Ok(is_there.then_some(self.part))
    }

    /// On the disk: a name that stands for half a file would be worse than none.
    fn close(&mut self) -> Result<(), Failure> {
        let Some(file) = self.file.take() else { return Ok(()) };
        let written = file.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file| file.sync_all());
        written.map_err(|source| failed(&self.part, source))
    }
}

fn failed(path: &Path, source: io::Error) -> Failure {
    Failure::File { path: path.to_owned(), source }
}
