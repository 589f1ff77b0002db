//! Parameters of queries, as the table of routes describes them.

use chatroom_wire::{Kind, rest::PAGE_MAX};
use serde_json::{Value, json};

use super::query::{PAGE_SIZE, PAGE_SIZE_MAX};

/// A parameter of a query. None is required: what a service of this family wants, this one knows from the token.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub(crate) name: &'static str,
    pub(crate) description: &'static str,
    pub(crate) schema: Value,
}

fn parameter(name: &'static str, description: &'static str, schema: Value) -> Parameter {
    Parameter { name, description, schema }
}

fn time(name: &'static str, description: &'static str) -> Parameter {
    parameter(name, description, json!({"type": "string", "format": "date-time"}))
}

/// Those of a list that comes in pages.
pub(super) fn pages() -> Vec<Parameter> {
    vec![
        parameter(
            "page_size",
            "How many; 0 means the default.",
            json!({"type": "integer", "minimum": 0, "maximum": PAGE_SIZE_MAX, "default": PAGE_SIZE}),
        ),
        parameter(
            "page_token",
            "`next_page_token` of the page before. It is opaque, and good for this list only.",
            json!({"type": "string"}),
        ),
    ]
}

/// Those of the history.
pub(super) fn messages() -> Vec<Parameter> {
    let kinds: Vec<&str> = Kind::known().map(Kind::name).collect();
    vec![
        time("before_at", "Only messages received before: `received_at` of the first message of the page before."),
        time("after_at", "Only messages received after: `received_at` of the last message of the page before."),
        parameter(
            "limit",
            "How many; 0 means the default.",
            json!({"type": "integer", "minimum": 0, "maximum": PAGE_MAX, "default": PAGE_MAX}),
        ),
        parameter(
            "from_oldest",
            "From the oldest on, not from the newest back. A page is ascending both ways.",
            json!({"type": "boolean", "default": false}),
        ),
        parameter(
            "types",
            "Only these types; may be repeated, or be a comma list.",
            json!({"type": "array", "items": {"type": "string", "enum": kinds}}),
        ),
    ]
}

/// Those of a deletion.
pub(super) fn deletion() -> Vec<Parameter> {
    vec![
        parameter(
            "action_taker.custom_name",
            "The name that others see as that of who deleted it; the token's where it is missing.",
            json!({"type": "string"}),
        ),
        time("sent_at", "When the message was sent. It is not needed here."),
        time("received_at", "When the message was received. It is not needed here."),
    ]
}
