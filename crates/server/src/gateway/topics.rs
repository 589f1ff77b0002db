//! A room's two topics, and what a client may do with any topic. Pure.
//!
//! Clients publish to one topic and listen to the other, so that nobody ever sees what was not judged
//! (docs/protocol.md, section F).

use chatroom_mqtt::ReasonCode;
use chatroom_wire::RoomId;

/// The longest topic, in bytes, and the most slashes in it (docs/protocol.md, section G.4).
const LENGTH_MAX: usize = 256;
const SLASHES_MAX: usize = 7;

/// The topics of a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoomTopics {
    /// Clients publish here.
    pub(crate) publish: String,
    /// Clients listen here.
    pub(crate) subscribe: String,
}

impl RoomTopics {
    /// The topics of a room of a tenant.
    pub(crate) fn of(tenant: &str, room: &RoomId) -> Self {
        Self { publish: format!("chat/{tenant}/{room}/pub"), subscribe: format!("chat/{tenant}/{room}/sub") }
    }

    /// Whether a client of the room may listen to this; always at QoS 0.
    ///
    /// # Errors
    /// The reason code for the SUBACK.
    pub(crate) fn may_subscribe(&self, filter: &str) -> Result<(), ReasonCode> {
        if filter == self.subscribe {
            return Ok(());
        }
        if filter.starts_with("$share/") {
            return Err(ReasonCode::SHARED_SUBSCRIPTIONS_NOT_SUPPORTED);
        }
        if !well_formed(filter) || misplaced_wildcard(filter) {
            return Err(ReasonCode::TOPIC_FILTER_INVALID);
        }
        if filter.contains(['+', '#']) {
            return Err(ReasonCode::WILDCARDS_NOT_SUPPORTED);
        }
        Err(ReasonCode::NOT_AUTHORIZED)
    }

    /// Whether a client of the room may publish to this.
    ///
    /// # Errors
    /// The reason code for the PUBACK or the DISCONNECT.
    pub(crate) fn may_publish(&self, topic: &str) -> Result<(), ReasonCode> {
        if topic == self.publish {
            return Ok(());
        }
        Err(if well_formed(topic) { ReasonCode::NOT_AUTHORIZED } else { ReasonCode::TOPIC_INVALID })
    }
}

fn well_formed(topic: &str) -> bool {
    !topic.is_empty()
        && topic.len() <= LENGTH_MAX
        && topic.bytes().filter(|byte| *byte == b'/').count() <= SLASHES_MAX
        && !topic.contains('\0')
}

/// A `+` must be a whole level, a `#` the whole last one (MQTT 5, section 4.7.1).
fn misplaced_wildcard(filter: &str) -> bool {
    let mut levels = filter.split('/').rev();
    let last = levels.next().unwrap_or_default();
    let misplaced = |level: &str| level.contains('#') || (level.contains('+') && level != "+");
    (last != "#" && misplaced(last)) || levels.any(misplaced)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics() -> RoomTopics {
        RoomTopics::of("org", &RoomId::from("r1"))
    }

    #[test]
    fn a_room_has_two_topics() {
        assert_eq!(
            topics(),
            RoomTopics { publish: "chat/org/r1/pub".to_owned(), subscribe: "chat/org/r1/sub".to_owned() }
        );
    }

    #[test]
    fn a_client_listens_to_its_rooms_topic_and_to_nothing_else() {
        assert_eq!(topics().may_subscribe("chat/org/r1/sub"), Ok(()));
        let long = "x".repeat(257);
        for (filter, reason) in [
            ("chat/org/r1/pub", ReasonCode::NOT_AUTHORIZED),
            ("chat/org/r2/sub", ReasonCode::NOT_AUTHORIZED),
            ("chat/other/r1/sub", ReasonCode::NOT_AUTHORIZED),
            ("$SYS/broker/uptime", ReasonCode::NOT_AUTHORIZED),
            ("..", ReasonCode::NOT_AUTHORIZED),
            ("chat/org/r1/sub/", ReasonCode::NOT_AUTHORIZED),
            ("#", ReasonCode::WILDCARDS_NOT_SUPPORTED),
            ("+", ReasonCode::WILDCARDS_NOT_SUPPORTED),
            ("chat/#", ReasonCode::WILDCARDS_NOT_SUPPORTED),
            ("chat/org/+/sub", ReasonCode::WILDCARDS_NOT_SUPPORTED),
            ("$SYS/#", ReasonCode::WILDCARDS_NOT_SUPPORTED),
            ("$share/g/chat/org/r1/sub", ReasonCode::SHARED_SUBSCRIPTIONS_NOT_SUPPORTED),
            ("$share/g/#", ReasonCode::SHARED_SUBSCRIPTIONS_NOT_SUPPORTED),
            ("", ReasonCode::TOPIC_FILTER_INVALID),
            ("a#", ReasonCode::TOPIC_FILTER_INVALID),
            ("#/a", ReasonCode::TOPIC_FILTER_INVALID),
            ("a+/b", ReasonCode::TOPIC_FILTER_INVALID),
            ("a/b/c/d/e/f/g/h/i", ReasonCode::TOPIC_FILTER_INVALID),
            (&long, ReasonCode::TOPIC_FILTER_INVALID),
        ] {
            assert_eq!(topics().may_subscribe(filter), Err(reason), "{filter}");
        }
    }

    #[test]
    fn a_client_publishes_to_its_rooms_topic_and_to_nothing_else() {
        assert_eq!(topics().may_publish("chat/org/r1/pub"), Ok(()));
        let long = "x".repeat(257);
        for (topic, reason) in [
            ("chat/org/r1/sub", ReasonCode::NOT_AUTHORIZED),
            ("chat/org/r2/pub", ReasonCode::NOT_AUTHORIZED),
            ("$SYS/x", ReasonCode::NOT_AUTHORIZED),
            ("", ReasonCode::TOPIC_INVALID),
            ("a/b/c/d/e/f/g/h/i", ReasonCode::TOPIC_INVALID),
            (&long, ReasonCode::TOPIC_INVALID),
        ] {
            assert_eq!(topics().may_publish(topic), Err(reason), "{topic}");
        }
    }
}
