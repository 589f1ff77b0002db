//! `chatroom history`: all that was said in a room, as lines, as data, or as a page to read.
//!
//! - [`writer`]: messages in a format; [`sink`]: where they go, and what is left of what was interrupted
//! - [`progress`]: how far it is; [`patience`]: which failures pass

mod patience;
mod progress;
mod sink;
mod writer;

use std::{ffi::OsStr, io::IsTerminal as _, path::Path, time::Instant};

use chatroom_client::{CallError, History, HistoryError, Visitor, history::From};
use chatroom_wire::{Claims, Kind, Message, rest::PAGE_MAX};
use tokio::time::sleep;

use self::{
    patience::Patience,
    progress::Progress,
    sink::{Flow, Sink},
    writer::Writer,
};
use super::{
    stop::{Stop, Why},
    visitor,
};
use crate::{
    args::{
        GlobalArgs,
        history::{Format, HistoryArgs},
    },
    failure::Failure,
    output::{event::EVENTS, seconds},
};

pub(super) async fn run(args: HistoryArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let format = format(&args)?;
    if let (Some(after), Some(before)) = (args.after, args.before)
        && after.instant() >= before.instant()
    {
        return Err(Failure::Usage {
            problem: "nothing can be after --after and before --before",
            hint: "--after is the earlier time of the two",
        });
    }
    let visitor = visitor(&args.visitor, global)?;
    let stop = Stop::after(None)?;
    let stop = if args.export.is_none() { stop.while_read() } else { stop };
    let writer = Writer::new(format, &room(&visitor), args.export.is_none(), &args.lines, global);
    let sink = Sink::new(args.export.clone(), args.force, writer, global)?;
    let history = history(&visitor, &args, format);
    // A person at the terminal sees the messages themselves, unless the last of them have to be found first.
    let waits = args.last.is_some() && !args.newest_first;
    let shows_progress = args.export.is_some() || waits || !std::io::stdout().is_terminal();
    let progress = shows_progress.then(|| Progress::new(Instant::now()));
    let asks_admins = matches!(format, Format::Txt | Format::Html).then_some(visitor);
    let mut reading = Reading { history, sink, stop, progress, patience: Patience::default(), read: 0, asks_admins };
    let end = match (args.last, args.newest_first) {
        (None, _) => reading.all(usize::MAX).await,
        (Some(last), true) => reading.all(usize::try_from(last).unwrap_or(usize::MAX)).await,
        (Some(last), false) => reading.last(usize::try_from(last).unwrap_or(usize::MAX)).await,
    };
    let Reading { sink, mut stop, .. } = reading;
    sink.end(end, &mut stop).await
}

/// Why the reading ends.
#[derive(Debug)]
enum End {
    /// All that was asked for is there.
    Complete,
    /// Somebody wants it to stop.
    Stopped,
    /// Nobody reads the output any more.
    Enough,
    /// Something can't be read, or written.
    Failed(Failure),
}

impl End {
    fn of(why: Why) -> Self {
        match why {
            Why::Unread => Self::Enough,
            Why::Signal | Why::Time(_) => Self::Stopped,
        }
    }
}

struct Reading {
    history: History,
    sink: Sink,
    stop: Stop,
    progress: Option<Progress>,
    patience: Patience,
    read: usize,
    /// Who asks for the room's admins before the first message is written, where names are marked.
    asks_admins: Option<Visitor>,
}

impl Reading {
    /// Writes messages as they come, up to so many.
    async fn all(&mut self, most: usize) -> End {
        while self.read < most {
            match self.next().await {
                Ok(Some(message)) => match self.write(&message).await {
                    Ok(()) => {}
                    Err(end) => return end,
                },
                Ok(None) => break,
                Err(end) => return end,
            }
        }
        End::Complete
    }

    /// Reads so many back from the newest, and then writes them from the oldest on.
    async fn last(&mut self, most: usize) -> End {
        let mut messages = Vec::new();
        while messages.len() < most {
            match self.next().await {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                // The newest of them are no use without those before.
                Err(end) => return end,
            }
        }
        for message in messages.into_iter().rev() {
            if let Err(end) = self.write(&message).await {
                return end;
            }
        }
        End::Complete
    }

    /// The next message; what may be missing is told, and what passes is waited for.
    async fn next(&mut self) -> Result<Option<Message>, End> {
        loop {
            let item = tokio::select! {
                biased;
                why = self.stop.wanted() => return Err(End::of(why)),
                item = self.history.next() => item,
            };
            let error = match item {
                None => return Ok(None),
                Some(Ok(message)) => {
                    self.read += 1;
                    self.patience.is_rewarded();
                    self.show_progress(&message);
                    return Ok(Some(message));
                }
                Some(Err(error)) => error,
            };
            match &error {
                HistoryError::Page(cause) => {
                    let Some(wait) = self.patience.after(cause) else { return Err(failed(cause.clone())) };
                    self.warn(&format!("{cause}; asking again in {}", seconds(wait))).await?;
                    tokio::select! {
                        why = self.stop.wanted() => return Err(End::of(why)),
                        () = sleep(wait) => {}
                    }
                }
                HistoryError::Unreadable(element) => {
                    self.warn(&format!("left out something that is no message: {}", element.reason)).await?;
                }
                HistoryError::Crowded(_) => self.warn(&error.to_string()).await?,
                HistoryError::NoProgress | _ => return Err(failed(CallError::Answer(error.to_string()))),
            }
        }
    }

    async fn write(&mut self, message: &Message) -> Result<(), End> {
        // Else the marks of names would depend on who wrote first. Where the service does not tell its admins, what they
        // write does.
        if let Some(visitor) = self.asks_admins.take()
            && let Ok(room) = visitor.chatroom().await
        {
            self.sink.learn_room(&room.admins);
        }
        match self.sink.message(message, &mut self.stop).await {
            Ok(Flow::On) => Ok(()),
            Ok(Flow::Stopped) => Err(End::Stopped),
            Ok(Flow::Closed) => Err(End::Enough),
            Err(failure) => Err(End::Failed(failure)),
        }
    }

    async fn warn(&mut self, text: &str) -> Result<(), End> {
        match self.sink.warn(text, &mut self.stop).await {
            Flow::On | Flow::Closed => Ok(()),
            Flow::Stopped => Err(End::Stopped),
        }
    }

    fn show_progress(&mut self, message: &Message) {
        if let Some(progress) = &mut self.progress
            && let Some(text) = progress.add(message.received_at, Instant::now())
        {
            self.sink.progress(text);
        }
    }
}

fn failed(source: CallError) -> End {
    End::Failed(Failure::Call { what: "the history can't be read to its end", source })
}

fn history(visitor: &Visitor, args: &HistoryArgs, format: Format) -> History {
    let backwards = args.newest_first || args.last.is_some();
    let mut history = visitor.history(if backwards { From::Newest } else { From::Oldest });
    history = history.types(if args.types.is_empty() { types(format, args) } else { args.types.clone() });
    if let Some(time) = args.after {
        history = history.after(time);
    }
    if let Some(time) = args.before {
        history = history.before(time);
    }
    match args.last.map(u16::try_from) {
        Some(Ok(few)) if few < PAGE_MAX => history.page_size(few),
        _ => history,
    }
}

/// Which messages a format has room for, where nobody says it; none means all.
fn types(format: Format, args: &HistoryArgs) -> Vec<Kind> {
    match format {
        Format::Txt if args.export.is_none() && std::io::stdout().is_terminal() => {
            EVENTS.into_iter().chain([Kind::Text]).collect()
        }
        // For a program: the lines of the vendor's sample.
        Format::Txt if args.export.is_none() => vec![Kind::Text],
        // Every press of a counter would be a line of the page.
        Format::Txt | Format::Html => {
            Kind::known().filter(|kind| !matches!(kind, Kind::Custom | Kind::PollUserVote)).collect()
        }
        Format::Csv | Format::Json | Format::Ndjson => Vec::new(),
    }
}

fn format(args: &HistoryArgs) -> Result<Format, Failure> {
    let extension = args.export.as_deref().and_then(Path::extension).map(OsStr::to_ascii_lowercase);
    match (args.json, args.format, &args.export) {
        (true, _, _) => Ok(Format::Ndjson),
        (false, Some(format), _) => Ok(format),
        (false, None, None) => Ok(Format::Txt),
        (false, None, Some(_)) => match extension.as_ref().and_then(|extension| extension.to_str()) {
            Some("txt" | "log") => Ok(Format::Txt),
            Some("csv") => Ok(Format::Csv),
            Some("json") => Ok(Format::Json),
            Some("ndjson" | "jsonl") => Ok(Format::Ndjson),
            Some("html" | "htm") => Ok(Format::Html),
            _ => Err(Failure::Usage {
                problem: "the name of the export does not tell its format",
                hint: "say it with --format txt, csv, json, ndjson or html",
            }),
        },
    }
}

/// The room that the token is for, as the token says.
fn room(visitor: &Visitor) -> String {
    let claims = Claims::of(&visitor.token()).unwrap_or_default();
    claims.chat_id.map(|id| id.as_str().to_owned()).unwrap_or_default()
}
