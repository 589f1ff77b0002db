//! What a process is told, in words, for the trace.

use chatroom_session::{Delivery, Event, Rejection};
use chatroom_wire::Message;

pub(crate) fn words(event: &Event) -> String {
    let named = |message: &Message| {
        let id = message.id.as_ref().map(ToString::to_string).unwrap_or_default();
        format!("{id} {:?}", message.text().unwrap_or("(no text)"))
    };
    match event {
        Event::Joined { first, .. } => format!("joined{}", if *first { " first" } else { " again" }),
        Event::Delayed { cause, .. } => format!("is delayed: {cause}"),
        Event::Interrupted { cause, retry_in } => {
            format!("interrupted: {cause}; again in {:.1} s", retry_in.as_secs_f64())
        }
        Event::MessageAdded { message, delivery: None, late } => {
            format!("hears {}{}", named(message), if *late { ", late" } else { "" })
        }
        Event::MessageAdded { message, delivery: Some(delivery), .. } => format!("{delivery:?} {}", named(message)),
        Event::DeliveryChanged { id, delivery: Delivery::Delivered { received_at, .. }, .. } => {
            format!("{id} is delivered at {received_at:?}")
        }
        Event::DeliveryChanged { id, delivery: Delivery::Rejected(Rejection::Server { reason, .. }), .. } => {
            format!("{id} is rejected: {reason}")
        }
        Event::DeliveryChanged { id, delivery, .. } => format!("{id} is {delivery:?}"),
        Event::Ended(end) => format!("ends: {end}"),
        Event::RoomChanged(room) => format!("the room changed, muted: {}", room.muted),
        other => format!("{other:?}"),
    }
}
