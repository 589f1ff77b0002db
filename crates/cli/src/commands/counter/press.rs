//! Presses a counter, and knows how many of the presses arrived.

use std::{collections::BTreeMap, time::Duration};

use chatroom_client::{Delivery, Event, Limits, PressError, Room};
use chatroom_wire::{MessageId, Payload};

use super::{lines, no_such};
use crate::{
    args::{GlobalArgs, access::VisitorArgs, counter::PressArgs},
    commands::{
        join::fate,
        print_lines,
        visit::{Next, Stay, Visit, stopped},
    },
    diagnostics,
    failure::Failure,
    words::thousands,
};

/// Nobody presses on after the last press: what was gathered may leave soon.
const GATHER: Duration = Duration::from_millis(100);

pub(super) async fn run(args: PressArgs, visitor: VisitorArgs, json: bool, global: &GlobalArgs) -> Result<(), Failure> {
    let mut limits = Limits::default();
    limits.press_wait = GATHER;
    let stay = Stay { timeout: Some(args.timeout), once: true, limits, ..Stay::default() };
    let mut visit = Visit::begin(visitor, global, stay)?;
    let mut tally = Tally::new(args.times);
    let result = deliver(&mut visit, &args, &mut tally).await;
    let counter = match &result {
        Ok(()) => {
            let room = visit.room.clone();
            visit.during(async move { room.chatroom().await }).await.map(Some)
        }
        Err(_) => Ok(None),
    };
    // An increment of somebody blocked is acknowledged like any other.
    let is_blocked = matches!(&counter, Ok(Some(Ok(room))) if visit.is_blocked(room));
    visit.end().await?;
    let presses = |count: i64| if count == 1 { "1 press".to_owned() } else { format!("{} presses", thousands(count)) };
    if is_blocked && tally.counted > 0 {
        return Err(Failure::Refused {
            problem: format!("{} not counted: you are blocked in this room", presses(tally.counted)),
            hint: "only the room's moderators can change that",
        });
    }
    if tally.counted > 0 {
        diagnostics::note(&format!("{} counted", presses(tally.counted)), global.color);
    }
    result?;
    if tally.lost > 0 {
        let (lost, why) = (tally.lost, tally.reason);
        return Err(Failure::Refused {
            problem: format!("{} of {} not counted: {why}", thousands(lost), presses(i64::from(args.times))),
            hint: "`chatroom counter list` shows which counters there are and where they stand",
        });
    }
    if let Some(room) = counter? {
        let room = room.map_err(|source| Failure::Call { what: "the counter can't be read", source })?;
        let of_key: Vec<_> = room.custom_counters.into_iter().filter(|counter| counter.key == args.key).collect();
        print_lines(lines(&of_key, json)).await?;
    }
    Ok(())
}

/// Presses, and waits for the last word on each press.
async fn deliver(visit: &mut Visit, args: &PressArgs, tally: &mut Tally) -> Result<(), Failure> {
    // Before, nobody knows which counters there are.
    loop {
        match visit.next().await? {
            Next::Event(event) if matches!(*event, Event::Joined { .. }) => break,
            Next::Over => return Err(stopped()),
            Next::Event(_) | Next::Lagged => {}
        }
    }
    let (room, key, value, times) = (visit.room.clone(), args.key.clone(), args.value.clone(), args.times);
    let mut pressing = tokio::spawn(async move { press(&room, &key, value.as_deref(), times).await });
    let mut is_pressed = false;
    while !is_pressed || !tally.is_complete() {
        tokio::select! {
            biased;
            next = visit.next() => match next? {
                Next::Over => return Err(stopped()),
                Next::Lagged => return Err(Failure::Refused {
                    problem: "the room is too busy to follow: which presses were counted is not known".to_owned(),
                    hint: "`chatroom counter list` shows where the counters stand",
                }),
                Next::Event(event) => tally.take(*event),
            },
            done = &mut pressing, if !is_pressed => {
                is_pressed = true;
                match done {
                    Ok(Ok(())) | Err(_) => {}
                    Ok(Err((_, PressError::NoSuchCounter(key)))) => return Err(no_such(&key)),
                    Ok(Err((taken, error))) => tally.not_taken(taken, &error),
                }
            }
        }
        visit.progress(format!("{}/{} counted", tally.counted, args.times));
    }
    Ok(())
}

/// Presses so often; or says how often it did, and why no more.
async fn press(room: &Room, key: &str, value: Option<&str>, times: u32) -> Result<(), (u32, PressError)> {
    for taken in 0..times {
        room.press(key, value).await.map_err(|error| (taken, error))?;
    }
    Ok(())
}

/// What became of the presses.
#[derive(Debug)]
struct Tally {
    wanted: i64,
    counted: i64,
    lost: i64,
    reason: String,
    /// Batches of presses without a last word yet.
    on_the_way: BTreeMap<MessageId, i64>,
}

impl Tally {
    fn new(times: u32) -> Self {
        Self { wanted: times.into(), counted: 0, lost: 0, reason: String::new(), on_the_way: BTreeMap::new() }
    }

    fn is_complete(&self) -> bool {
        self.counted + self.lost >= self.wanted
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::MessageAdded { message, delivery: Some(_), .. } => {
                if let (Some(id), Payload::Custom(custom)) = (&message.id, &message.payload)
                    && let Some(incr) = &custom.incr
                {
                    self.on_the_way.insert(id.clone(), incr.value);
                }
            }
            Event::DeliveryChanged { id, delivery, .. } if delivery.is_final() => {
                let Some(presses) = self.on_the_way.remove(&id) else { return };
                if let Delivery::Delivered { .. } = delivery {
                    self.counted += presses;
                } else {
                    self.lost += presses;
                    self.reason = fate(&delivery);
                }
            }
            _ => {}
        }
    }

    /// The session took only so many presses.
    fn not_taken(&mut self, taken: u32, error: &PressError) {
        self.lost += self.wanted - i64::from(taken);
        self.reason = error.to_string();
    }
}

#[cfg(test)]
mod tests {
    use chatroom_client::Rejection;
    use chatroom_wire::{
        Message, User,
        payload::{CustomMessage, Increment},
    };

    use super::*;

    fn batch(id: &str, value: i64) -> Event {
        let incr = Increment { key: "like".to_owned(), value, ..Increment::default() };
        let custom = CustomMessage { incr: Some(incr), ..CustomMessage::default() };
        let message =
            Message { id: Some(id.to_owned().into()), ..Message::new(User::default(), Payload::Custom(custom)) };
        Event::MessageAdded { message: message.into(), delivery: Some(Delivery::Queued), late: false }
    }

    fn fate_of(id: &str, delivery: Delivery) -> Event {
        Event::DeliveryChanged { id: id.to_owned().into(), delivery, echo: None }
    }

    #[test]
    fn only_what_came_back_is_counted() {
        let delivered = Delivery::Delivered { received_at: None, took: Duration::ZERO };
        let mut tally = Tally::new(1000);
        tally.take(batch("a", 900));
        tally.take(fate_of("a", Delivery::Sent));
        assert_eq!(tally.counted, 0);
        tally.take(fate_of("a", delivered.clone()));
        tally.take(fate_of("somebody-s", delivered));
        assert!(!tally.is_complete());
        tally.take(batch("b", 100));
        tally.take(fate_of("b", Delivery::Rejected(Rejection::SessionEnded)));
        assert!(tally.is_complete());
        assert_eq!((tally.counted, tally.lost), (900, 100));
    }

    #[test]
    fn presses_that_were_not_taken_are_lost() {
        let mut tally = Tally::new(10);
        tally.take(batch("a", 4));
        tally.not_taken(4, &PressError::TooLarge(1024));
        assert!(!tally.is_complete());
        tally.take(fate_of("a", Delivery::Delivered { received_at: None, took: Duration::ZERO }));
        assert!(tally.is_complete());
        assert_eq!(
            (tally.counted, tally.lost, tally.reason.as_str()),
            (4, 6, "the text of a press is longer than 1024 bytes")
        );
    }
}
