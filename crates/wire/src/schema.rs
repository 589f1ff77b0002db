//! The bodies of the REST calls as JSON Schema 2020-12, made from the types that read and write them.
//!
//! What the service writes and what it takes are two things: an answer always has fields that a request may leave out.
//! So a type has a schema of each sort. They describe the documented form; what is read besides it (a number as text,
//! `null` for what may be left out) is kindness, and no promise.
//!
//! - `leaves`: ids, times and secrets, which are texts; `message`: the message, which reads and writes itself by hand
//! - `plain`: makes of the generated text what a reader of the API wants to see

mod leaves;
mod message;
mod plain;

use schemars::{
    JsonSchema, Schema, SchemaGenerator,
    generate::SchemaSettings,
    transform::{RecursiveTransform, Transform as _},
};
use serde_json::{Map, Value};

/// What follows the name of a request's schema, so that it never meets an answer's of the same type.
const REQUEST: &str = "Input";

/// Makes schemas, and gathers those that others refer to.
///
/// ```
/// use chatroom_wire::{rest::{PollBody, PollsPage}, schema::Schemas};
///
/// let mut schemas = Schemas::at("/components/schemas");
/// assert_eq!(schemas.answer::<PollsPage>()["$ref"], "#/components/schemas/PollsPage");
/// assert_eq!(schemas.request::<PollBody>()["$ref"], "#/components/schemas/PollBodyInput");
/// let all = schemas.finish();
/// assert_eq!(all["Poll"]["required"][0], "type");
/// assert_eq!(all["PollInput"]["required"], serde_json::json!(["type", "multi_choice"]));
/// ```
#[derive(Debug)]
pub struct Schemas {
    answers: SchemaGenerator,
    requests: SchemaGenerator,
}

impl Schemas {
    /// Schemas that refer to each other under this JSON pointer, such as `/components/schemas` or `/$defs`.
    pub fn at(pointer: &str) -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = pointer.to_owned().into();
            settings.meta_schema = None;
        });
        Self {
            answers: settings.clone().for_serialize().into_generator(),
            requests: settings.for_deserialize().into_generator(),
        }
    }

    /// The schema of what the service writes, or a reference to it.
    pub fn answer<T: JsonSchema>(&mut self) -> Value {
        let mut schema = self.answers.subschema_for::<T>();
        finish_answer(&mut schema);
        schema.to_value()
    }

    /// The schema of what the service takes, or a reference to it.
    pub fn request<T: JsonSchema>(&mut self) -> Value {
        let mut schema = self.requests.subschema_for::<T>();
        finish_request(&mut schema);
        schema.to_value()
    }

    /// All that is referred to, by name and sorted by it: what belongs under the pointer.
    pub fn finish(mut self) -> Map<String, Value> {
        let answers = self.answers.take_definitions(false).into_iter().map(|(name, value)| {
            let finished = finished(value, finish_answer);
            (name, finished)
        });
        let requests = self.requests.take_definitions(false).into_iter().map(|(name, value)| {
            let finished = finished(value, finish_request);
            (format!("{name}{REQUEST}"), finished)
        });
        let mut all: Vec<(String, Value)> = answers.chain(requests).collect();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        all.into_iter().collect()
    }
}

/// What can't be told from a type alone: these fields, with spaces between, are always there.
pub(crate) fn needs(names: &'static str) -> impl FnMut(&mut Schema) {
    move |schema| plain::need(schema, names)
}

fn finished(value: Value, finish: fn(&mut Schema)) -> Value {
    match Schema::try_from(value) {
        Ok(mut schema) => {
            finish(&mut schema);
            schema.to_value()
        }
        Err(_) => Value::Bool(true),
    }
}

fn finish_answer(schema: &mut Schema) {
    RecursiveTransform(plain::description).transform(schema);
    RecursiveTransform(plain::left_out_or_there).transform(schema);
    RecursiveTransform(plain::no_default).transform(schema);
}

fn finish_request(schema: &mut Schema) {
    RecursiveTransform(plain::description).transform(schema);
    RecursiveTransform(plain::left_out_or_there).transform(schema);
    RecursiveTransform(|schema: &mut Schema| plain::rename_reference(schema, REQUEST)).transform(schema);
}
