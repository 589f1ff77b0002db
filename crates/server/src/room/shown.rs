//! The room as `GET /chatrooms` answers it: encoded once for each change, and shared by all who ask.

use bytes::Bytes;
use chatroom_wire::Chatroom;
use serde_json::Value;

use crate::store::{Change, RoomRecord};

/// The answer, in pieces that follow each other.
#[derive(Debug, Clone)]
pub(crate) struct RoomJson([Bytes; 3]);

impl RoomJson {
    pub(crate) fn pieces(self) -> [Bytes; 3] {
        self.0
    }
}

/// What is encoded by now. The list of blocked users may be long, and what viewers do does not change it: it is encoded
/// by itself, so that slow readers of many versions share it.
#[derive(Debug, Default)]
pub(super) struct Shown {
    blocked: Option<Bytes>,
    json: Option<RoomJson>,
}

impl Shown {
    /// The room as it is in this record; what was encoded is still right, unless it was forgotten.
    pub(super) fn json(&mut self, record: &RoomRecord) -> RoomJson {
        let blocked = self.blocked.get_or_insert_with(|| encode(&record.blocked_users));
        let json = self.json.get_or_insert_with(|| {
            let mut room = serde_json::to_value(Chatroom::from(record.without_blocked())).unwrap_or_default();
            if let Value::Object(fields) = &mut room {
                fields.remove("blocked_users");
            }
            let others = encode(&room);
            let head = Bytes::from_static(br#"{"chatroom":{"blocked_users":"#);
            let tail = [b",", others.get(1..).unwrap_or_default(), b"}"].concat();
            RoomJson([head, blocked.clone(), tail.into()])
        });
        json.clone()
    }

    /// These changes are in force.
    pub(super) fn changed(&mut self, changes: &[Change]) {
        self.json = None;
        if changes.iter().any(|change| matches!(change, Change::Block(_) | Change::Unblock(_))) {
            self.blocked = None;
        }
    }

    /// The numbers changed, and nothing else did.
    pub(super) fn counted(&mut self) {
        self.json = None;
    }
}

fn encode(value: &impl serde::Serialize) -> Bytes {
    serde_json::to_vec(value).expect("rooms hold strings, numbers, and lists and maps of them").into()
}
