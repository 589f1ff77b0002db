//! `chatroom send`: say something, and know that it arrived.

mod source;
mod tally;

use std::{
    io::{self, IsTerminal as _},
    path::Path,
    time::Instant,
};

use chatroom_client::{Delivery, Event, Room};
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use self::{
    source::{Said, Source},
    tally::{Receipt, Tally},
};
use super::{
    access, enter,
    stop::Stop,
    tail::{finish, start_printer},
    view,
};
use crate::{
    args::{GlobalArgs, SendArgs},
    color::Style,
    failure::Failure,
    output::Line,
    printer::Printer,
};

/// How many messages may be on their way. Few enough that none of them waits for its time to live behind the others at
/// the slowest rate that servers allow.
const ON_THE_WAY: usize = 400;

pub(super) async fn run(args: SendArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let mut source = source(&args)?;
    let mut stop = Stop::after(None)?;
    let access = access(&args.access, global)?;
    let mut view = view(global, access.name(), false);
    let (room, mut events) = enter(access, 0, Some(args.timeout))?;
    let printer = start_printer()?;
    let mut tally = Tally::new(source.total(), args.json, view.err);
    let mut on_the_way = FuturesUnordered::new();
    let (mut failure, mut stopped, mut ended) = (None, false, false);
    while !on_the_way.is_empty() || (!source.is_over() && !ended) {
        let lines = tokio::select! {
            biased;
            () = stop.signal() => {
                if stopped {
                    break;
                }
                stopped = true;
                source.end();
                // Each message on its way gets its last word by that.
                let room = room.clone();
                tokio::spawn(async move { room.leave().await });
                Vec::new()
            }
            notice = events.next(), if !ended => match notice {
                None => { ended = true; Vec::new() }
                Some(Ok(Event::Ended(end))) => {
                    ended = true;
                    failure = failure.or(end.blame().is_some().then_some(Failure::Ended(end)));
                    Vec::new()
                }
                Some(Ok(event @ (Event::Interrupted { .. } | Event::Joined { first: false, .. }))) => {
                    view.show(&event).into_iter().collect()
                }
                Some(_) => Vec::new(),
            },
            Some(receipt) = on_the_way.next(), if !on_the_way.is_empty() => tally.count(&receipt),
            said = source.next(), if !source.is_over() && !ended && on_the_way.len() < ON_THE_WAY => match said {
                Ok(Some(said)) => match submit(&room, said).await {
                    Ok(pending) => { on_the_way.push(pending); Vec::new() }
                    Err(receipt) => tally.count(&receipt),
                },
                Ok(None) => Vec::new(),
                Err(error) => {
                    source.end();
                    failure = Some(Failure::Input(error));
                    Vec::new()
                }
            },
        };
        if print(&printer, lines, &mut stop).await.is_none() {
            break;
        }
    }
    if !ended {
        super::tail::leave(&room, &mut stop).await;
    }
    if tally.is_empty() && failure.is_none() && !stopped {
        printer.offer(view.note(Style::Yellow, "there was nothing to say"));
    }
    if io::stderr().is_terminal() && failure.is_none() && !stopped && tally.delivered() > 0 {
        printer.offer(view.note(Style::Dim, &format!("{} delivered", tally.delivered())));
    }
    finish(printer, &mut stop, stopped).await.map_err(Failure::Output)?;
    match failure {
        Some(failure) => Err(failure),
        None if stopped => Err(Failure::Stopped { delivered: tally.delivered() }),
        None => tally.verdict(),
    }
}

fn source(args: &SendArgs) -> Result<Source, Failure> {
    if !args.text.is_empty() {
        let text = args.text.join(" ");
        if text.trim().is_empty() {
            return Err(Failure::Usage { problem: "the text is empty", hint: "a message has at least one character" });
        }
        return Ok(Source::text(text, args.count, args.every));
    }
    if args.access.config.as_deref() == Some(Path::new("-")) {
        return Err(Failure::Usage {
            problem: "stdin can't be both the config and what to say",
            hint: "give the text as an argument, or the config as a file",
        });
    }
    if io::stdin().is_terminal() {
        return Err(Failure::Usage {
            problem: "there is nothing to say",
            hint: "give the text as an argument, or pipe lines in; `chatroom join` says what you type",
        });
    }
    Source::stdin(args.every).map_err(|source| Failure::System { what: "a thread", source })
}

/// Hands a message to the session; what comes back waits for its fate.
async fn submit(room: &Room, said: Said) -> Result<impl Future<Output = Receipt> + use<>, Receipt> {
    let since = Instant::now();
    let Said { number, text } = said;
    match room.submit(text.as_str()).await {
        Ok(pending) => Ok(async move {
            let id = pending.id.clone();
            let delivery: Delivery = pending.await;
            Receipt { number, text, id: Some(id), fate: Ok(delivery), waited: since.elapsed() }
        }),
        Err(error) => Err(Receipt { number, text, id: None, fate: Err(error), waited: since.elapsed() }),
    }
}

/// Prints the lines; none when nothing more can be printed, or is to be.
async fn print(printer: &Printer, lines: Vec<Line>, stop: &mut Stop) -> Option<()> {
    for line in lines {
        tokio::select! {
            biased;
            () = stop.signal() => return None,
            taken = printer.print(line) => taken.ok()?,
        }
    }
    Some(())
}
