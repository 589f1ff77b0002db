//! What the server itself says in a room and does not store (docs/protocol.md, section D.1).

use chatroom_wire::{
    Message, Payload, Time, User,
    payload::{BroadcastMessage, Entrance, Metric, ViewerMetrics},
};
use jiff::Timestamp;
use serde_json::Map;

use crate::{presence::Numbers, rules::Author};

/// Somebody came in.
pub(super) fn entrance(author: &Author) -> Message {
    let user = User {
        id: Some(author.id.clone()),
        device_id: Some(author.device_id.clone()),
        is_admin: Some(author.is_admin),
        is_guest: Some(author.is_guest),
        ..User::named(author.name.clone())
    };
    let entrance = Entrance {
        id: Some(author.id.clone()),
        device_id: Some(author.device_id.clone()),
        custom_name: author.name.clone(),
        is_admin: author.is_admin,
        extra: Map::new(),
    };
    Message::new(user, Payload::Entrance(entrance))
}

/// The number of viewers changed.
pub(super) fn broadcast(numbers: Numbers, now: Timestamp) -> Message {
    let metric = |count| Metric {
        count: i64::try_from(count).unwrap_or(i64::MAX),
        updated_at: Some(Time::nanoseconds(now)),
        ..Metric::default()
    };
    let viewer_metrics =
        ViewerMetrics { concurrent: metric(numbers.concurrent), total: metric(numbers.total), extra: Map::new() };
    Message::new(
        User::named("System"),
        Payload::BroadcastUpdate(BroadcastMessage { viewer_metrics, extra: Map::new() }),
    )
}
