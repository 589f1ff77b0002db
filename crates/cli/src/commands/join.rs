//! `chatroom join`: read a room, and say what is typed.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal as _},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use chatroom_client::{Delivery, End, Event, EventStream, Room};
use chatroom_wire::{Message, MessageId, SafeText, safe_text};
use futures_util::FutureExt as _;
use jiff::Timestamp;
use tokio::time::sleep_until;

use super::{
    access, builder, counting, enter,
    outbox::{Keeping, leftovers::Leftovers},
    send::print,
    stop::{Stop, Why},
    tail::{finish, leave, start_printer},
    view_of,
};
use crate::{
    args::{GlobalArgs, JoinArgs},
    color::Style,
    failure::Failure,
    input::{Input, Line as Typed},
    output::{Line, View},
};

/// How many own lines may be on their way: a whole file piped in waits its turn.
const ON_THE_WAY: usize = 100;
/// How long the room is tried once stdin has ended and nothing waits to be sent.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn run(args: JoinArgs, global: &GlobalArgs) -> Result<(), Failure> {
    if args.access.config.as_deref() == Some(Path::new("-")) {
        return Err(Failure::Usage {
            problem: "stdin can't be both the config and what you say",
            hint: "write the config to a file, and give --config FILE",
        });
    }
    let access = access(&args.access, global)?;
    // From here on signals end it in order; what is read before, such as a pipe with a token, they end at once.
    let stop = Stop::after(None)?.while_read();
    let view = view_of(&args.shown, global, access.name(), false);
    let history = if access.has_history() { args.history } else { 0 };
    let keeping = Keeping::begin(&args.keeping, &access, global)?;
    let leftovers = keeping.leftovers();
    let (room, events) = enter(counting(keeping.equip(builder(access, global)?), &view), history, args.timeout)?;
    converse(room, events, view, stop, leftovers, args.timeout).await
}

/// Prints what is said and says what is typed, until the end of either.
pub(super) async fn converse(
    room: Room,
    mut events: EventStream,
    mut view: View,
    mut stop: Stop,
    mut leftovers: Leftovers,
    timeout: Option<Duration>,
) -> Result<(), Failure> {
    let printer = start_printer()?;
    let mut input = Input::start().map_err(|source| Failure::System { what: "a thread", source })?;
    let mut typing = true;
    // What an earlier run left does not keep anybody from typing.
    let most = ON_THE_WAY + leftovers.len();
    let mut own = Own { waiting: leftovers.len(), ..Own::default() };
    let mut failure = None;
    let mut hurried = false;
    // Since when nothing has gone forward, and what stood in the way last.
    let (mut since, mut last_cause) = (Instant::now(), None);
    let terminal = io::stdin().is_terminal();
    if terminal {
        let told = "type a line and press Enter to say it; Ctrl-D leaves";
        printer.offer(view.note(Style::Dim, told));
    }
    if print(&printer, leftovers.told(&view), &mut stop).await.is_none() {
        typing = false;
        own.forget();
    }
    loop {
        if !typing && own.waiting == 0 && view.joined {
            break;
        }
        let line = tokio::select! {
            biased;
            why = stop.wanted() => {
                hurried = why == Why::Signal;
                break;
            }
            () = sleep_until((since + timeout.unwrap_or_default()).into()), if !typing && timeout.is_some() => {
                let patience = timeout.unwrap_or_default();
                failure = failure.or(Some(Failure::Ended(End::GaveUp { patience, last: last_cause })));
                break;
            }
            notice = events.next() => match notice {
                None => break,
                Some(Err(lagged)) => {
                    // Last words may be among what was left out.
                    own.forget();
                    leftovers.forget();
                    Some(view.lagged(lagged.0))
                }
                Some(Ok(Event::Ended(end))) => {
                    failure = end.blame().is_some().then_some(Failure::Ended(end));
                    break;
                }
                Some(Ok(event)) => {
                    match &event {
                        Event::Interrupted { cause, .. } | Event::Delayed { cause, .. } => last_cause = Some(cause.clone()),
                        Event::DeliveryChanged { delivery, .. } if delivery.is_final() => since = Instant::now(),
                        _ => {}
                    }
                    leftovers.ended(&event);
                    own.show(&mut view, event)
                }
            },
            line = input.next(), if typing && own.waiting < most => match tried(&room, line) {
                Ok(Some(Typed { number, text: Err(why) })) => {
                    own.lost += 1;
                    Some(view.note(Style::Red, &format!("not sent: line {number}: {why}")))
                }
                Ok(Some(Typed { text: Ok(text), .. })) if safe_text::is_blank(&text) => None,
                // An arrow key arrives as an escape sequence, and nobody means to say that.
                Ok(Some(Typed { text: Ok(text), .. })) if terminal && text.chars().any(|c| c.is_control() && c != '\t') => {
                    Some(view.note(Style::Red, "not sent: the line holds keys that are no text, such as arrow keys"))
                }
                Ok(Some(Typed { text: Ok(line), .. })) => match said(&line) {
                    Ok(text) => match room.send(text).await {
                        Ok(_) => {
                            own.waiting += 1;
                            None
                        }
                        Err(error) => {
                            own.lost += 1;
                            Some(view.note(Style::Red, &format!("not sent: {error}")))
                        }
                    },
                    Err(told) => {
                        own.lost += 1;
                        Some(view.note(Style::Red, &told))
                    }
                },
                Ok(None) => {
                    (typing, since) = (false, Instant::now());
                    None
                }
                Err(error) => {
                    failure = Some(Failure::Input(error));
                    break;
                }
            },
            // Where nothing more is said, nobody waits for a room that can't be had.
            () = sleep_until((since + PATIENCE).into()), if !typing && !view.joined && own.waiting == 0 => {
                failure = Some(Failure::NotJoined { waited: PATIENCE, last: last_cause });
                break;
            }
        };
        let Some(line) = line else { continue };
        tokio::select! {
            biased;
            why = stop.wanted() => {
                hurried = why == Why::Signal;
                break;
            }
            taken = printer.print(line) => if taken.is_err() { break },
        }
    }
    leave(&room, &mut stop).await;
    // What is left of the session tells what became of the last messages.
    while let Some(Some(Ok(event))) = events.next().now_or_never() {
        leftovers.ended(&event);
        match event {
            Event::DeliveryChanged { id, delivery, echo } => {
                if let Some(line) = own.changed(&view, &id, &delivery, echo.as_deref()) {
                    printer.offer(line);
                }
            }
            // The last word on the last message comes before the end of a session that gave up.
            Event::Ended(end) if end.blame().is_some() => failure = failure.or(Some(Failure::Ended(end))),
            _ => {}
        }
    }
    let lines = leftovers.staying(&view, own.kept + own.waiting, Timestamp::now());
    let _told = print(&printer, lines, &mut stop).await;
    if terminal && failure.is_none() {
        // A terminal shows ^C where the cursor stands.
        printer.offer(Line::Note(String::new()));
        printer.offer(view.note(Style::Dim, "left the room"));
    }
    finish(printer, &mut stop, hurried).await.map_err(Failure::Output)?;
    match failure {
        // All that there was to say is safe, as with `send`.
        Some(why @ Failure::Ended(End::GaveUp { .. })) if !typing && own.kept > 0 && own.lost == 0 => {
            Err(Failure::Persisted { count: own.kept, why: Some(Box::new(why)) })
        }
        Some(failure) => Err(failure),
        // A person has seen it; a script has the exit code.
        None if !terminal && own.lost > 0 => {
            Err(Failure::Undelivered { lost: own.lost, all: own.delivered + own.lost, last: own.last_lost })
        }
        None => Ok(()),
    }
}

/// What a line says. One that begins with a slash is meant for the program, which has no commands: it must not end up
/// before everyone's eyes. A second slash says the first.
fn said(line: &str) -> Result<&str, String> {
    match line.strip_prefix('/') {
        None => Ok(line),
        Some(text) if text.starts_with('/') => Ok(text),
        Some(command) => {
            let name = command.split_whitespace().next().unwrap_or_default();
            let name = SafeText::log(name);
            Err(format!("not sent: there is no command /{name}; begin the line with // to say a slash"))
        }
    }
}

/// Somebody who presses Enter wants to be in the room now: a wait for the next attempt ends. Where there is none, nothing
/// happens.
fn tried(room: &Room, line: io::Result<Option<Typed>>) -> io::Result<Option<Typed>> {
    if let Ok(Some(_)) = line {
        room.retry();
    }
    line
}

/// Own messages, shown once they are delivered.
#[derive(Debug, Default)]
struct Own {
    said: BTreeMap<MessageId, Arc<Message>>,
    /// Taken, and without a last word yet.
    waiting: usize,
    /// Those that stay in the outbox.
    kept: usize,
    delivered: u64,
    /// Those that were refused, or will never be known to have arrived.
    lost: u64,
    last_lost: Option<Delivery>,
}

impl Own {
    fn show(&mut self, view: &mut View, event: Event) -> Option<Line> {
        match event {
            Event::MessageAdded { message, delivery: Some(delivery), .. } if !delivery.is_final() => {
                if let Some(id) = message.id.clone() {
                    self.said.insert(id, message);
                }
                None
            }
            Event::DeliveryChanged { id, delivery, echo } => self.changed(view, &id, &delivery, echo.as_deref()),
            event => view.show(&event),
        }
    }

    /// Last words may have been missed: nothing is awaited any more.
    fn forget(&mut self) {
        self.waiting = 0;
    }

    fn changed(&mut self, view: &View, id: &MessageId, delivery: &Delivery, echo: Option<&Message>) -> Option<Line> {
        if !delivery.is_final() {
            return None;
        }
        self.waiting = self.waiting.saturating_sub(1);
        if *delivery == Delivery::Kept {
            // Told in sum.
            self.kept += 1;
            return None;
        }
        if let Delivery::Delivered { .. } = delivery {
            self.delivered += 1;
        } else {
            self.lost += 1;
            self.last_lost = Some(delivery.clone());
        }
        // After "unconfirmed" an echo may still come.
        let message = match delivery {
            Delivery::Unconfirmed => self.said.get(id).cloned(),
            _ => self.said.remove(id),
        }?;
        if let Delivery::Delivered { received_at, .. } = delivery {
            // The echo is the message as the others see it.
            return view.message(echo.unwrap_or(&message), *received_at);
        }
        let text = SafeText::log(message.text().unwrap_or_default());
        Some(view.note(Style::Red, &format!("not delivered, {}: {text}", fate(delivery))))
    }
}

/// Why something was not delivered, in words.
pub(super) fn fate(delivery: &Delivery) -> String {
    match delivery {
        Delivery::Rejected(rejection) => SafeText::log(&rejection.to_string()).into_string(),
        Delivery::Expired => "it could not be sent in time".to_owned(),
        Delivery::Kept => "it stays in the outbox".to_owned(),
        Delivery::Unconfirmed => "it was sent, and nothing says whether it arrived".to_owned(),
        Delivery::Delivered { .. } => "delivered".to_owned(),
        Delivery::Queued | Delivery::Sent | _ => "it is still on its way".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn a_line_that_begins_with_a_slash_is_said_only_with_two() {
        for (line, text) in [("hello", Some("hello")), ("//me waves", Some("/me waves")), ("a/b", Some("a/b"))] {
            assert_eq!(said(line).ok(), text, "{line}");
        }
        for line in ["/", "/kick Eve", "/quit"] {
            assert!(said(line).unwrap_err().starts_with("not sent: there is no command /"), "{line}");
        }
    }
}
