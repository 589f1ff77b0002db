//! Schemas of bodies, made from the wire types.

use serde_json::{Map, Value};

/// Writes the schema of a body.
pub(crate) type SchemaOf = fn(&mut Schemas) -> Value;

/// Makes schemas, and gathers those that others refer to.
#[derive(Debug, Default)]
pub(crate) struct Schemas {}

impl Schemas {
    /// The schema of a type, or a reference to it.
    pub(crate) fn of<T>(&mut self) -> Value {
        serde_json::json!({"type": "object"})
    }

    /// All that is referred to, by name.
    pub(crate) fn finish(self) -> Map<String, Value> {
        Map::new()
    }
}
