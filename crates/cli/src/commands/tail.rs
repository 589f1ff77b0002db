//! `chatroom tail`: a room, line by line.

use std::{io, time::Duration};

use chatroom_client::{Event, EventStream, Room};
use tokio::time::timeout;

use super::{
    FAREWELL, access, builder, counting, enter,
    stop::{Stop, Why},
    view_of,
};
use crate::{
    args::{GlobalArgs, TailArgs},
    color::Style,
    failure::Failure,
    output::{Line, View},
    printer::Printer,
};

pub(super) async fn run(args: TailArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let access = access(&args.access, global)?;
    // From here on signals end it in order; what is read before, such as a pipe with a token, they end at once.
    let stop = Stop::after(args.length)?.while_read();
    let view = view_of(&args.shown, global, access.name(), args.json);
    let printer = start_printer()?;
    if args.history > 0 && !access.has_history() {
        let told = "a config alone gives no way to read earlier messages; a token does (--token-file)";
        printer.offer(view.note(Style::Yellow, told));
    }
    let (room, events) = enter(counting(builder(access, global)?, &view), args.history, args.timeout)?;
    follow(room, events, view, printer, stop, args.count).await
}

pub(super) fn start_printer() -> Result<Printer, Failure> {
    Printer::start().map_err(|source| Failure::System { what: "a thread", source })
}

/// Prints what is said until the end: of the session, of the time, of the count, or of the reader's interest.
pub(super) async fn follow(
    room: Room,
    mut events: EventStream,
    mut view: View,
    printer: Printer,
    mut stop: Stop,
    count: Option<u64>,
) -> Result<(), Failure> {
    let mut shown = 0;
    let mut left_out = 0_u64;
    let mut last_cause = None;
    let end = loop {
        let notice = tokio::select! {
            biased;
            why = stop.wanted() => break End::Stopped(why),
            notice = events.next() => notice,
        };
        let line = match notice {
            None => break End::Enough,
            Some(Err(lagged)) => {
                left_out = left_out.saturating_add(lagged.0);
                Some(view.lagged(lagged.0))
            }
            Some(Ok(Event::Ended(end))) => break End::Session(end),
            Some(Ok(event)) => {
                if let Event::Interrupted { cause, .. } | Event::Delayed { cause, .. } = &event {
                    last_cause = Some(cause.clone());
                }
                view.show(&event)
            }
        };
        let Some(line) = line else { continue };
        let is_data = matches!(line, Line::Data(_));
        tokio::select! {
            biased;
            why = stop.wanted() => break End::Stopped(why),
            taken = printer.print(line) => if taken.is_err() { break End::Enough },
        }
        shown += u64::from(is_data);
        if count.is_some_and(|count| shown >= count) {
            break End::Enough;
        }
    };
    leave(&room, &mut stop).await;
    if view.json && left_out > 0 {
        // A person who saves the JSON does not see it go by.
        tokio::select! {
            _ = timeout(FAREWELL, printer.print(view.left_out(left_out))) => {}
            () = stop.signal() => {}
        }
    }
    finish(printer, &mut stop, end == End::Stopped(Why::Signal)).await.map_err(Failure::Output)?;
    match end {
        End::Session(end) if end.blame().is_some() => Err(Failure::Ended(end)),
        End::Stopped(Why::Time(waited)) if !view.joined => Err(Failure::NotJoined { waited, last: last_cause }),
        End::Session(_) | End::Stopped(_) | End::Enough => Ok(()),
    }
}

/// Says farewell to the room, unless that takes too long or somebody is in a hurry.
pub(super) async fn leave(room: &Room, stop: &mut Stop) {
    tokio::select! {
        _ = timeout(FAREWELL, room.leave()) => {}
        () = stop.signal() => {}
    }
}

/// Waits until all is written; not for long where somebody asked to stop, as the terminal itself may be stopped.
pub(super) async fn finish(printer: Printer, stop: &mut Stop, hurried: bool) -> io::Result<()> {
    let patience = if hurried { FAREWELL } else { Duration::MAX };
    tokio::select! {
        written = timeout(patience, printer.finish()) => written.unwrap_or(Ok(())),
        () = stop.signal() => Ok(()),
    }
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    Stopped(Why),
    Session(chatroom_client::End),
    /// All that was asked for is printed, or nobody reads it any more.
    Enough,
}
