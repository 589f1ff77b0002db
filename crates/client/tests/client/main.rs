//! The SDK from outside: in a room in memory, and against real servers on this machine.
#![forbid(unsafe_code)]

mod calls;
mod device_advisor;
mod history;
mod hostile;
mod http;
mod links;
mod moderation;
mod outbox;
mod presses;
mod renewal;
mod rooms;
mod secrets;
mod served;
mod service;
mod sessions;

use chatroom_client::{Cause, End, Event, EventStream, wire::Message};
use chatroom_testkit::within;

/// The next event; `Lagged` fails the test.
async fn next(events: &mut EventStream) -> Event {
    let event = within("an event", events.next()).await;
    event.expect("the session has not ended").expect("the reader is fast enough")
}

async fn joined(events: &mut EventStream) {
    while !matches!(next(events).await, Event::Joined { .. }) {}
}

/// The next message that is new.
async fn message(events: &mut EventStream) -> Message {
    loop {
        if let Event::MessageAdded { message, .. } = next(events).await {
            return std::sync::Arc::unwrap_or_clone(message);
        }
    }
}

/// The cause, whoever it was with.
fn bare(cause: Cause) -> Cause {
    match cause {
        Cause::Link(error) => Cause::Link(error.inner().clone()),
        other => other,
    }
}

async fn interrupted(events: &mut EventStream) -> Cause {
    loop {
        match next(events).await {
            Event::Interrupted { cause, .. } => return bare(cause),
            Event::Ended(end) => panic!("ended: {end:?}"),
            _ => {}
        }
    }
}

async fn ended(events: &mut EventStream) -> End {
    loop {
        if let Event::Ended(end) = next(events).await {
            assert!(within("the end", events.next()).await.is_none(), "nothing follows the end");
            return match end {
                End::Fatal(cause) => End::Fatal(bare(cause)),
                End::NotAuthorized(cause) => End::NotAuthorized(bare(cause)),
                End::GaveUp { patience, last } => End::GaveUp { patience, last: last.map(bare) },
                other => other,
            };
        }
    }
}
