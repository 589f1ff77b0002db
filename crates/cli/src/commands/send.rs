//! `chatroom send`: say something, and know that it arrived.

mod pace;
mod source;
mod tally;

use std::{
    io::{self, IsTerminal as _},
    path::Path,
    pin::pin,
    time::{Duration, Instant},
};

use chatroom_client::{Delivery, Draft, End, Event, Limits, Pending, Room, SendError};
use chatroom_wire::{Message, MessageId, Payload};
use futures_util::{
    FutureExt as _,
    future::BoxFuture,
    stream::{FuturesUnordered, StreamExt as _},
};
use jiff::Timestamp;
use tokio::time::{sleep, sleep_until};

use self::{
    pace::Pace,
    source::{Said, Source},
    tally::{Receipt, Tally},
};
use super::{
    access, builder, enter,
    outbox::Keeping,
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
    words::messages,
};

/// How often it is looked whether what an earlier run left has waited too long, once it was waited for.
const LOOK: Duration = Duration::from_secs(1);

pub(super) async fn run(args: SendArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let mut source = source(&args)?;
    let access = access(&args.access, global)?;
    // From here on signals end it in order; what is read before, such as a pipe with a token, they end at once.
    let mut stop = Stop::after(None)?;
    let mut view = view(global, access.name());
    let keeping = Keeping::begin(&args.keeping, &access, global)?;
    let mut leftovers = keeping.leftovers();
    let text = args.text.join(" ");
    if args.id.as_ref().and_then(|id| leftovers.text_of(id)).is_some_and(|waits| waits != text) {
        return Err(another());
    }
    let (room, mut events) = enter(keeping.equip(builder(access, global)?), 0, Some(args.timeout))?;
    let printer = start_printer()?;
    let mut tally = Tally::new(source.total(), args.json, view.err);
    let mut pace = Pace::new(args.keeping.ttl);
    let mut on_the_way: FuturesUnordered<Way> = FuturesUnordered::new();
    let (mut failure, mut stopped, mut cut_short, mut ended) = (None, false, false, false);
    let mut id_is_taken = false;
    let begun = Instant::now();
    if print(&printer, leftovers.told(&view), &mut stop).await.is_none() {
        (stopped, cut_short) = (true, true);
        source.end();
        leftovers.forget();
    }
    // The session holds what an earlier run left, too.
    let room_for_all = Limits::default().outbox;
    // Whether a message that is not sent any more arrived in that run may never be known.
    let mut patience = pin!(sleep(args.timeout));
    let mut impatient = false;
    // Since when nothing has gone forward: nothing that waits does so for longer than the timeout.
    let mut since = Instant::now();
    let mut timed_out = false;
    let mut last_cause = None;
    loop {
        let sent_first = leftovers.sent_first(Timestamp::now());
        let leftovers_hold = sent_first > 0 || !impatient && !leftovers.is_empty();
        if on_the_way.is_empty() && (ended || source.is_over() && !leftovers_hold) {
            break;
        }
        // What an earlier run left under this id is this very message.
        let waits = args.id.as_ref().is_some_and(|id| leftovers.text_of(id).is_some());
        let has_room = !waits
            && on_the_way.len() + leftovers.len() < room_for_all
            && (on_the_way.is_empty() || on_the_way.len() + sent_first < pace.most(Instant::now()));
        let waits = !timed_out && !ended && (!on_the_way.is_empty() || sent_first > 0);
        let lines = tokio::select! {
            biased;
            () = sleep_until((since + args.timeout).into()), if waits => {
                timed_out = true;
                failure = failure.or(Some(Failure::Ended(End::GaveUp { patience: args.timeout, last: last_cause.clone() })));
                cut_short = !source.is_over();
                source.end();
                // Each message on its way gets its last word by that.
                let room = room.clone();
                tokio::spawn(async move { room.leave().await });
                Vec::new()
            }
            () = stop.signal() => {
                if stopped {
                    break;
                }
                stopped = true;
                cut_short = !source.is_over();
                source.end();
                // Each message on its way gets its last word by that.
                let room = room.clone();
                tokio::spawn(async move { room.leave().await });
                Vec::new()
            }
            notice = events.next(), if !ended => match notice {
                None => { ended = true; Vec::new() }
                Some(Err(_)) => { leftovers.forget(); Vec::new() }
                Some(Ok(Event::Ended(end))) => {
                    ended = true;
                    failure = failure.or(end.blame().is_some().then_some(Failure::Ended(end)));
                    Vec::new()
                }
                Some(Ok(event @ (Event::Interrupted { .. } | Event::Delayed { .. } | Event::Joined { first: false, .. }))) => {
                    if let Event::Interrupted { cause, .. } | Event::Delayed { cause, .. } = &event {
                        last_cause = Some(cause.clone());
                    }
                    view.show(&event).into_iter().collect()
                }
                Some(Ok(event)) => match (leftovers.ended(&event), &args.id) {
                    (None, id) => {
                        id_is_taken |= id.as_ref().is_some_and(|id| shows_another(&event, id, &text));
                        Vec::new()
                    }
                    (Some((message, delivery)), Some(id)) if message.id.as_ref() == Some(id) => {
                        // Whatever else became of it: now it is said again.
                        since = Instant::now();
                        match delivery {
                            Delivery::Delivered { .. } => {
                                source.end();
                                tally.count(&earlier_copy(id, &text, delivery, begun))
                            }
                            _ => Vec::new(),
                        }
                    }
                    (Some((message, delivery)), _) => {
                        since = Instant::now();
                        pace.heard(&delivery);
                        tally.earlier(&message, &delivery)
                    }
                },
            },
            Some(next) = on_the_way.next(), if !on_the_way.is_empty() => match next {
                Step::Taken(taken) => {
                    let lines = if leftovers.are_kept() { tally.queued(&taken.pending.id) } else { Vec::new() };
                    on_the_way.push(taken.end().boxed());
                    lines
                }
                Step::Ended(mut receipt) => {
                    since = Instant::now();
                    if id_is_taken {
                        receipt.fate = Err(SendError::Duplicate);
                    }
                    receipt.fate.iter().for_each(|delivery| pace.heard(delivery));
                    tally.count(&receipt)
                }
            },
            () = &mut patience, if !leftovers.is_empty() => {
                impatient = true;
                patience.set(sleep(LOOK));
                Vec::new()
            }
            said = source.next(), if !source.is_over() && !ended && has_room => match said {
                Ok(Some(Err(refused))) => tally.refuse(refused),
                Ok(Some(Ok(said))) => match offer(&room, said, args.id.clone()).await {
                    Ok(way) => {
                        if on_the_way.is_empty() {
                            since = Instant::now();
                        }
                        on_the_way.push(way.boxed());
                        Vec::new()
                    }
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
    // Also where the session has ended by itself: the outbox may still be written.
    super::tail::leave(&room, &mut stop).await;
    if tally.is_empty() && failure.is_none() && !stopped {
        printer.offer(view.note(Style::Yellow, "there was nothing to say"));
    }
    if io::stderr().is_terminal() && failure.is_none() && !stopped && tally.delivered() > 0 {
        printer.offer(view.note(Style::Dim, &format!("{} delivered", tally.delivered())));
    }
    if tally.earlier_delivered() > 0 {
        let told = format!("{} of an earlier run delivered", messages(tally.earlier_delivered()));
        printer.offer(view.note(Style::Dim, &told));
    }
    if let Some(cause) = last_cause.filter(|_| tally.was_late() && failure.is_none()) {
        let told = format!("what stood in the way last: {cause}");
        printer.offer(view.note(Style::Yellow, &told));
    }
    if let Some(id) = args.id.as_ref().filter(|id| leftovers.take(id)) {
        source.end();
        cut_short = false;
        let lines = tally.count(&earlier_copy(id, &text, Delivery::Kept, begun));
        let _told = print(&printer, lines, &mut stop).await;
    }
    let staying = tally.kept() + on_the_way.len() + leftovers.len();
    let lines = leftovers.staying(&view, staying, Timestamp::now());
    let _told = print(&printer, lines, &mut stop).await;
    finish(printer, &mut stop, stopped).await.map_err(Failure::Output)?;
    if id_is_taken {
        return Err(another());
    }
    // What waiting can't mend, such as a certificate, is told as that.
    let gave_up = matches!(failure, None | Some(Failure::Ended(End::GaveUp { .. })));
    if gave_up && tally.is_persisted() && on_the_way.is_empty() && source.is_over() && !cut_short {
        return Err(Failure::Persisted { count: tally.kept(), why: failure.map(Box::new) });
    }
    let all_delivered = tally.is_good() && on_the_way.is_empty() && !cut_short;
    match failure {
        Some(failure) => Err(failure),
        None if stopped && !all_delivered => {
            Err(Failure::Stopped { delivered: tally.delivered(), kept: leftovers.are_kept() && staying > 0 })
        }
        None => tally.verdict(),
    }
}

/// The end of a copy of the message that an earlier run left.
fn earlier_copy(id: &MessageId, text: &str, fate: Delivery, begun: Instant) -> Receipt {
    Receipt { number: 1, text: text.to_owned(), id: Some(id.clone()), fate: Ok(fate), waited: begun.elapsed() }
}

/// Whether the room has another message with this id, so that ours was taken for it.
fn shows_another(event: &Event, id: &MessageId, text: &str) -> bool {
    let is_other = |echo: &Message| match &echo.payload {
        Payload::Text(said) => said.filtered != Some(true) && said.text.trim() != text.trim(),
        _ => true,
    };
    match event {
        Event::DeliveryChanged { id: of, delivery: Delivery::Delivered { .. }, echo: Some(echo) } => {
            of == id && is_other(echo)
        }
        _ => false,
    }
}

fn another() -> Failure {
    Failure::Refused {
        problem: "another message has this id: the text was not said".to_owned(),
        hint: "another text needs another --id",
    }
}

fn source(args: &SendArgs) -> Result<Source, Failure> {
    if !args.text.is_empty() {
        let text = args.text.join(" ");
        if chatroom_wire::safe_text::is_blank(&text) {
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

/// A message on its way.
type Way = BoxFuture<'static, Step>;

/// How far a message has come.
enum Step {
    /// The session has it, and keeps it on disk if it has an outbox.
    Taken(Taken),
    Ended(Receipt),
}

struct Taken {
    said: Said,
    since: Instant,
    pending: Pending,
}

impl Taken {
    async fn end(self) -> Step {
        let Self { said: Said { number, text }, since, pending } = self;
        let id = pending.id.clone();
        let delivery: Delivery = pending.await;
        Step::Ended(Receipt { number, text, id: Some(id), fate: Ok(delivery), waited: since.elapsed() })
    }
}

/// Hands a message to the session, and does not wait for the disk: the next one shares its sync.
async fn offer(room: &Room, said: Said, id: Option<MessageId>) -> Result<impl Future<Output = Step> + use<>, Receipt> {
    let since = Instant::now();
    let refused = move |Said { number, text }, error| Receipt {
        number,
        text,
        id: None,
        fate: Err(error),
        waited: since.elapsed(),
    };
    let draft = Draft::from(said.text.as_str());
    let draft = match id {
        Some(id) => draft.with_id(id),
        None => draft,
    };
    match room.offer(draft).await {
        Ok(offer) => Ok(async move {
            match offer.taken().await {
                Ok(pending) => Step::Taken(Taken { said, since, pending }),
                Err(error) => Step::Ended(refused(said, error)),
            }
        }),
        Err(error) => Err(refused(said, error)),
    }
}

/// Prints the lines; none when nothing more can be printed, or is to be.
pub(super) async fn print(printer: &Printer, lines: Vec<Line>, stop: &mut Stop) -> Option<()> {
    for line in lines {
        tokio::select! {
            biased;
            () = stop.signal() => return None,
            taken = printer.print(line) => taken.ok()?,
        }
    }
    Some(())
}
