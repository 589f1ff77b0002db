//! Where the messages go: stdout, something else that is written into, or a file that gets its name once it is complete.

use std::{io, path::PathBuf, time::Duration};

use chatroom_wire::{Message, SafeText, User};
use tokio::time::timeout;

use super::{End, writer::Writer};
use crate::{
    args::GlobalArgs,
    color::{Palette, Style},
    commands::{
        FAREWELL,
        stop::Stop,
        tail::{finish, start_printer},
    },
    failure::Failure,
    output::Line,
    output_file::{NewFile, OutputFile},
    printer::Printer,
    words::thousands,
};

/// Takes messages.
pub(super) struct Sink {
    writer: Writer,
    printer: Printer,
    err: Palette,
    /// The file in the making; what is written elsewhere goes through the printer.
    file: Option<Box<NewFile>>,
    /// The name of the export.
    export: Option<PathBuf>,
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
        let (printer, file) = match export.as_deref().map(|name| OutputFile::create(name, force)).transpose()? {
            None => (start_printer()?, None),
            Some(OutputFile::File(file)) => (start_printer()?, Some(file)),
            Some(OutputFile::Stream(stream)) => {
                let printer = Printer::start_into(|| stream.open());
                (printer.map_err(|source| Failure::System { what: "a thread", source })?, None)
            }
        };
        let err = global.color.palette(&io::stderr());
        Ok(Self { writer, printer, err, file, export, written: 0, begun: false })
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
        self.tell_end(complete, stop).await?;
        let failed = |source| match self.export {
            Some(path) => Failure::File { path, source },
            None => Failure::Output(source),
        };
        finish(self.printer, stop, matches!(end, End::Stopped)).await.map_err(failed)?;
        match end {
            End::Complete | End::Enough => Ok(()),
            End::Stopped => Err(Failure::Unfinished),
            End::Failed(failure) => Err(failure),
        }
    }

    /// Completes the export, and says what became of it.
    async fn tell_end(&mut self, complete: bool, stop: &mut Stop) -> Result<(), Failure> {
        let Some(name) = &self.export else {
            if complete && self.written == 0 {
                self.printer.offer(self.remark("there are no such messages"));
            }
            return Ok(());
        };
        let messages = if self.written == 1 { "message" } else { "messages" };
        let count = format!("{} {messages}", thousands(self.written));
        match self.file.take() {
            Some(file) if complete => file.commit(false)?,
            Some(file) if self.begun => {
                let part = file.keep_part()?;
                self.warn(&format!("{count} until then are in {}", part.display()), stop).await;
            }
            Some(_) | None => {}
        }
        if complete {
            self.printer.offer(self.remark(&format!("{count} in {}", name.display())));
        }
        Ok(())
    }

    fn remark(&self, text: &str) -> Line {
        Line::Note(self.err.paint(Style::Dim, SafeText::line(text)).to_string())
    }

    async fn begin(&mut self, stop: &mut Stop) -> Result<(), Failure> {
        if !std::mem::replace(&mut self.begun, true)
            && let Some(text) = self.writer.begin()
        {
            self.write(text, stop).await?;
        }
        Ok(())
    }

    async fn write(&mut self, text: String, stop: &mut Stop) -> Result<Flow, Failure> {
        if let Some(file) = &mut self.file {
            file.write(&(text + "\n"))?;
            return Ok(Flow::On);
        }
        tokio::select! {
            biased;
            taken = self.printer.print(Line::Data(text)) => Ok(if taken.is_ok() { Flow::On } else { Flow::Closed }),
            () = stop.signal() => Ok(Flow::Stopped),
        }
    }
}
