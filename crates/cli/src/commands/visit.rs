//! A room that is joined for one purpose: to vote, to press, to watch.

use std::{pin::pin, time::Duration};

use chatroom_client::{Cause, End, Event, EventStream, Limits, Room};
use chatroom_wire::{Chatroom, UserId};
use tokio::time::{Instant, sleep_until};

use super::{
    access, builder, open,
    stop::{Stop, Why},
    tail::{finish, leave, start_printer},
    view,
};
use crate::{
    args::{
        GlobalArgs,
        access::{AccessArgs, VisitorArgs},
    },
    failure::Failure,
    output::{Line, View},
    printer::Printer,
};

/// A joined room, and where to write.
#[derive(Debug)]
pub(super) struct Visit {
    pub(super) room: Room,
    events: EventStream,
    view: View,
    printer: Printer,
    stop: Stop,
    /// When it has to be done, and how long that is.
    end: Option<(Instant, Duration)>,
    last_cause: Option<Cause>,
    hurried: bool,
    /// Who we are, once the room was joined.
    me: Option<UserId>,
}

/// How long to stay, and how long to try.
#[derive(Debug, Clone, Default)]
pub(super) struct Stay {
    /// After this time it is over; without it, when all is done.
    pub(super) length: Option<Duration>,
    /// Give up when the room can't be had for this long; without a length, when all is not done within this time.
    pub(super) timeout: Option<Duration>,
    /// Whether it ends by itself, once all is done.
    pub(super) once: bool,
    pub(super) limits: Limits,
    /// Whether it is only to look on: then it is over when nobody reads stdout any more.
    pub(super) looks_on: bool,
}

/// What comes next.
#[derive(Debug)]
pub(super) enum Next {
    Event(Box<Event>),
    /// Events were left out.
    Lagged,
    /// The time is over, somebody asked to stop, or nobody looks on any more.
    Over,
}

impl Visit {
    /// Begins to join the room.
    pub(super) fn begin(visitor: VisitorArgs, global: &GlobalArgs, stay: Stay) -> Result<Self, Failure> {
        let access = access(&AccessArgs { visitor, config: None }, global)?;
        let stop = Stop::after(stay.length)?;
        let stop = if stay.looks_on { stop.while_read() } else { stop };
        let view = view(global, access.name());
        let mut builder = builder(access, global)?.limits(stay.limits);
        if let Some(timeout) = stay.timeout {
            builder = builder.patience(timeout);
        }
        let (room, events) = open(builder)?;
        let printer = start_printer()?;
        let end = stay.timeout.filter(|_| stay.once).map(|timeout| (Instant::now() + timeout, timeout));
        Ok(Self { room, events, view, printer, stop, end, last_cause: None, hurried: false, me: None })
    }

    /// What happens next; what a person should know is told by the way. May be dropped and called again.
    ///
    /// # Errors
    /// When the session ends with a fault, or the time is over and the room was never joined.
    pub(super) async fn next(&mut self) -> Result<Next, Failure> {
        let (end, patience) = self.end.unwrap_or_else(|| (Instant::now(), Duration::ZERO));
        let notice = tokio::select! {
            biased;
            () = sleep_until(end), if self.end.is_some() => {
                return Err(Failure::Ended(End::GaveUp { patience, last: self.last_cause.clone() }));
            }
            why = self.stop.wanted() => {
                self.hurried = why == Why::Signal;
                return match why {
                    Why::Time(waited) if !self.view.joined => {
                        Err(Failure::NotJoined { waited, last: self.last_cause.clone() })
                    }
                    Why::Time(_) | Why::Signal | Why::Unread => Ok(Next::Over),
                };
            }
            notice = self.events.next() => notice,
        };
        match notice {
            None => Ok(Next::Over),
            Some(Err(_)) => Ok(Next::Lagged),
            Some(Ok(Event::Ended(end))) if end.blame().is_some() => Err(Failure::Ended(end)),
            Some(Ok(Event::Ended(_))) => Ok(Next::Over),
            Some(Ok(event)) => {
                if let Event::Joined { user, .. } = &event {
                    self.me.clone_from(&user.customer_id);
                }
                match &event {
                    Event::Interrupted { cause, .. } | Event::Delayed { cause, .. } => {
                        self.last_cause = Some(cause.clone());
                        self.tell(&event);
                    }
                    // The first time goes without saying.
                    Event::Joined { first: true, .. } => drop(self.view.show(&event)),
                    Event::Joined { .. } => self.tell(&event),
                    _ => {}
                }
                Ok(Next::Event(Box::new(event)))
            }
        }
    }

    /// Does something in the room.
    ///
    /// # Errors
    /// When the session ends before, or somebody asked to stop.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        let mut work = pin!(work);
        loop {
            tokio::select! {
                biased;
                next = self.next() => if let Next::Over = next? { return Err(stopped()) },
                done = &mut work => return Ok(done),
            }
        }
    }

    /// Whether the room says that we are blocked: what we do is delivered then, and counts nothing.
    pub(super) fn is_blocked(&self, room: &Chatroom) -> bool {
        self.me.is_some() && room.blocked_users.iter().any(|user| user.id == self.me)
    }

    /// Prints lines of data; nobody wants them any more where this is an error.
    pub(super) async fn print(
        &mut self,
        lines: impl IntoIterator<Item = String>,
    ) -> Result<(), crate::printer::Closed> {
        for line in lines {
            tokio::select! {
                biased;
                () = self.stop.signal() => {
                    self.hurried = true;
                    return Err(crate::printer::Closed);
                }
                taken = self.printer.print(Line::Data(line)) => taken?,
            }
        }
        Ok(())
    }

    /// How far we are, where stderr is a terminal.
    pub(super) fn progress(&self, text: String) {
        self.printer.offer(Line::Progress(text));
    }

    /// Leaves the room, and waits until all is written.
    pub(super) async fn end(mut self) -> Result<(), Failure> {
        leave(&self.room, &mut self.stop).await;
        finish(self.printer, &mut self.stop, self.hurried).await.map_err(Failure::Output)
    }

    fn tell(&mut self, event: &Event) {
        if let Some(line) = self.view.show(event) {
            self.printer.offer(line);
        }
    }
}

/// Somebody asked to stop before the outcome was known.
pub(super) fn stopped() -> Failure {
    Failure::Refused {
        problem: "stopped before it was known whether it arrived".to_owned(),
        hint: "look into the room before you do it again: it may have arrived",
    }
}
