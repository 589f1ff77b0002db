//! What the server itself says in a room (docs/protocol.md, section D.1).

use chatroom_wire::{
    Message, Payload, Time, User,
    chatroom::ViewerInfo,
    payload::{BroadcastMessage, Entrance, Metric, ViewerMetrics},
    poll::{Poll, PollMessage},
};
use jiff::Timestamp;
use serde_json::Map;

use crate::{
    presence::Numbers,
    rules::Author,
    store::{CounterRecord, ViewerInfoRecord, record::version_number},
};

/// Somebody as a message says who made it happen.
pub(super) fn actor(author: &Author) -> User {
    User {
        id: Some(author.id.clone()),
        device_id: Some(author.device_id.clone()),
        is_admin: Some(author.is_admin),
        is_guest: Some(author.is_guest),
        ..User::named(author.name.clone())
    }
}

/// Somebody came in, under this name.
pub(super) fn entrance(author: &Author, name: &str) -> Message {
    let entrance = Entrance {
        id: Some(author.id.clone()),
        device_id: Some(author.device_id.clone()),
        custom_name: name.to_owned(),
        is_admin: author.is_admin,
        extra: Map::new(),
    };
    let user = User { custom_name: name.to_owned(), ..actor(author) };
    Message::new(user, Payload::Entrance(entrance))
}

/// The number of people changed.
pub(super) fn broadcast(numbers: Numbers, now: Timestamp) -> Message {
    let metric = |count| Metric {
        count: i64::try_from(count).unwrap_or(i64::MAX),
        updated_at: Some(Time::nanoseconds(now)),
        ..Metric::default()
    };
    let viewer_metrics =
        ViewerMetrics { concurrent: metric(numbers.concurrent), total: metric(numbers.total), extra: Map::new() };
    system(Payload::BroadcastUpdate(BroadcastMessage { viewer_metrics, extra: Map::new() }))
}

/// The number of viewers that is shown changed.
pub(super) fn viewers(info: &ViewerInfoRecord) -> Message {
    system(Payload::ViewerInfoUpdate(Some(viewer_info(info))))
}

/// The number of viewers as messages carry it.
pub(super) fn viewer_info(info: &ViewerInfoRecord) -> ViewerInfo {
    ViewerInfo {
        enabled: info.enabled,
        count: info.count,
        version_number: version_number(info.version),
        updated_at: info.updated_at.map(Time::nanoseconds),
        extra: Map::new(),
    }
}

/// A counter has another value.
pub(super) fn counter(counter: &CounterRecord) -> Message {
    system(Payload::CustomCounterUpdate(counter.clone().into()))
}

/// A poll has other votes.
pub(super) fn votes(poll: &Poll) -> Message {
    system(Payload::PollUpdate(Some(PollMessage { poll: poll.for_viewers(), ..PollMessage::default() })))
}

fn system(payload: Payload) -> Message {
    Message::new(server(), payload)
}

/// The server itself as a message says who made it happen.
pub(super) fn server() -> User {
    User::named("System")
}
