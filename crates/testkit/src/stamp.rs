//! What a chat service does to a message before it sends it out.

use std::sync::Mutex;

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use uuid::Uuid;

/// Stamps messages one after another, each later than the one before.
#[derive(Debug)]
pub struct Stamps(Mutex<Timestamp>);

impl Stamps {
    /// Starts with the wall clock.
    pub fn new() -> Self {
        Self(Mutex::new(Timestamp::UNIX_EPOCH))
    }

    /// The array of one to send out for what a client sent: with an `id` (kept if there is one), `received_at`, and the
    /// sender's identity. Nothing if it is no JSON object.
    pub fn stamp(&self, payload: &[u8]) -> Option<Vec<u8>> {
        let mut message: Value = serde_json::from_slice(payload).ok()?;
        let fields = message.as_object_mut()?;
        let id = fields.get("id").and_then(Value::as_str).unwrap_or_default();
        if id.is_empty() {
            fields.insert("id".into(), json!(Uuid::from_u128(u128::from_be_bytes(self.seed())).to_string()));
        }
        fields.insert("received_at".into(), json!(format!("{:.9}", self.next())));
        let user = fields.entry("user").or_insert_with(|| json!({})).as_object_mut()?;
        user.insert("id".into(), json!("service-made"));
        user.insert("device_id".into(), json!("service-made"));
        serde_json::to_vec(&json!([message])).ok()
    }

    fn next(&self) -> Timestamp {
        let mut last = self.0.lock().expect("nothing panics while it holds this");
        let after = last.checked_add(1.microsecond()).expect("the clock is centuries from its end");
        *last = after.max(Timestamp::now());
        *last
    }

    /// Distinct for each message, as the stamps are.
    fn seed(&self) -> [u8; 16] {
        self.next().as_nanosecond().to_be_bytes()
    }
}

impl Default for Stamps {
    fn default() -> Self {
        Self::new()
    }
}
