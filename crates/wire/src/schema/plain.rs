//! What is generated for programmers of this crate, made into what readers of the API want.

use schemars::Schema;
use serde_json::{Value, json};

/// A description without examples in Rust, without links into its documentation, without places in our own papers.
pub(super) fn description(schema: &mut Schema) {
    let Some(Value::String(text)) = schema.get_mut("description") else { return };
    let prose = text.split("\n\n").next().unwrap_or_default();
    let prose = prose.replace("[`", "`").replace("`]", "`").replace('\n', " ");
    *text = without_places(&prose).split_whitespace().collect::<Vec<_>>().join(" ");
}

fn without_places(prose: &str) -> String {
    let mut kept = String::with_capacity(prose.len());
    let mut rest = prose;
    while let Some((before, behind)) = rest.split_once(" (docs/") {
        kept.push_str(before);
        rest = behind.split_once(')').map_or("", |(_, behind)| behind);
    }
    kept + rest
}

/// Takes these properties, with spaces between their names, for such that are always there: not `null`, without a default.
pub(super) fn need(schema: &mut Schema, names: &str) {
    for name in names.split(' ') {
        if let Some(property) = schema.pointer_mut(&format!("/properties/{name}")) {
            never_null(property);
            property.as_object_mut().and_then(|property| property.shift_remove("default"));
        }
    }
    let required = schema.ensure_object().entry("required").or_insert_with(|| json!([]));
    let Some(required) = required.as_array_mut() else { return };
    for name in names.split(' ') {
        if !required.contains(&json!(name)) {
            required.push(json!(name));
        }
    }
}

/// What may be left out is never `null`, and what is `null` is never left out.
pub(super) fn left_out_or_there(schema: &mut Schema) {
    let required = schema.get("required").cloned().unwrap_or_default();
    let is_required = |name: &str| required.as_array().is_some_and(|names| names.contains(&json!(name)));
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else { return };
    for (_, property) in properties.iter_mut().filter(|(name, _)| !is_required(name)) {
        never_null(property);
    }
}

fn never_null(property: &mut Value) {
    let Some(property) = property.as_object_mut() else { return };
    if property.get("default") == Some(&Value::Null) {
        property.shift_remove("default");
    }
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|name| name != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            property.insert("type".to_owned(), one);
        }
    }
    if let Some(Value::Array(choices)) = property.get_mut("anyOf") {
        choices.retain(|choice| *choice != json!({"type": "null"}));
        if let [Value::Object(one)] = choices.as_slice() {
            let one = one.clone();
            property.shift_remove("anyOf");
            // The property's own words go before those of its type.
            for (key, value) in one {
                property.entry(key).or_insert(value);
            }
        }
    }
}

/// An answer has no defaults: it says all that it says.
pub(super) fn no_default(schema: &mut Schema) {
    schema.remove("default");
}

/// Follows a schema that goes by a longer name.
pub(super) fn rename_reference(schema: &mut Schema, suffix: &str) {
    if let Some(Value::String(reference)) = schema.get_mut("$ref") {
        reference.push_str(suffix);
    }
}
