//! One rule for every body: `null` is the same as missing, and what a client reads of a service may be wrong in one field
//! without costing the others.
//!
//! A body is read as it stands first. Only where that fails is it taken apart: the path of the error says which field
//! stands in the way. A server goes on where that field is `null`; a client leaves the field out, and with it, where it
//! was needed, the object around it, up to the body itself.

use std::{cell::RefCell, fmt};

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;

use crate::{
    SafeText,
    body::{BodyError, explain},
};

/// How many fields of one object are left out before it is given up: more than any object has.
const REPAIRS_MAX: usize = 64;

/// How many values a body that is taken apart may hold: each takes many times its text in memory.
const VALUES_MAX: usize = 500_000;

/// How many left-out fields are named; beyond, they are only counted.
const NAMED_MAX: usize = 8;

/// Who reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reader {
    /// A server: what it can't read is the caller's fault.
    Server,
    /// A client: what it can't read is unknown.
    Client,
}

/// The fields of an answer that could not be read, and were left out: their paths and what was wrong, never a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dropped {
    fields: Vec<String>,
    more: usize,
}

impl Dropped {
    /// Whether all could be read.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    fn push(&mut self, error: &BodyError) {
        let field = SafeText::log(&error.to_string()).into_string();
        if self.fields.contains(&field) {
            return;
        }
        if self.fields.len() == NAMED_MAX { self.more += 1 } else { self.fields.push(field) }
    }
}

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.fields.join("; "))?;
        match self.more {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

thread_local! {
    /// Lists of a body are read element by element, from within serde, which carries nothing out but values.
    static DROPPED: RefCell<Vec<Dropped>> = const { RefCell::new(Vec::new()) };
}

/// Does some reading, and gives what was left out meanwhile.
///
/// ```
/// use chatroom_wire::{Chatroom, body, lenient};
///
/// let json = br#"{"id":"room-1","muted":true,"created_at":"yesterday"}"#;
/// let (room, dropped) = lenient::collect(|| body::read_answer::<Chatroom>(json));
/// assert!(room?.muted);
/// assert!(dropped.to_string().starts_with("created_at can't be used"));
/// # Ok::<(), body::BodyError>(())
/// ```
pub fn collect<R>(read: impl FnOnce() -> R) -> (R, Dropped) {
    DROPPED.with_borrow_mut(|stack| stack.push(Dropped::default()));
    let result = read();
    (result, DROPPED.with_borrow_mut(Vec::pop).unwrap_or_default())
}

/// Notes that something was left out.
pub(crate) fn note(error: &BodyError) {
    DROPPED.with_borrow_mut(|stack| {
        if let Some(dropped) = stack.last_mut() {
            dropped.push(error);
        }
    });
}

/// Reads JSON.
///
/// # Errors
/// With the path of the first field that is missing or can't be used, and that can't be done without.
pub(crate) fn read<T: DeserializeOwned>(json: &[u8], reader: Reader) -> Result<T, BodyError> {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let (path, error, is_data) = match serde_path_to_error::deserialize(&mut deserializer) {
        Ok(body) => {
            return match deserializer.end() {
                Ok(()) => Ok(body),
                Err(error) => Err(explain("", &error)),
            };
        }
        Err(error) => (steps(error.path()), explain(&error.path().to_string(), error.inner()), error.inner().is_data()),
    };
    // Of a server's callers only a `null` is forgiven.
    if reader == Reader::Server && is_data && !json.windows(4).any(|word| word == b"null") {
        return Err(error);
    }
    if json.split(|byte| *byte == b',').count() > VALUES_MAX {
        return Err(error);
    }
    // It may be JSON though the error says otherwise: where a word of a list of them is wanted, serde takes no other value.
    let Ok(mut value) = serde_json::from_slice::<Value>(json) else { return Err(error) };
    let is_null = at(&mut value, &path).is_some_and(|value| value.is_null());
    // Of a field that is there twice, a server must not pick one.
    if reader == Reader::Server && is_data && !is_null {
        return Err(error);
    }
    if reader == Reader::Client || is_null {
        strip_nulls(&mut value);
    }
    from_value(value, reader)
}

/// Reads a value in which no `null` stands for a missing field.
pub(crate) fn from_value<T: DeserializeOwned>(mut value: Value, reader: Reader) -> Result<T, BodyError> {
    let mut left_out: Vec<(Vec<Step>, BodyError)> = Vec::new();
    loop {
        let (mut path, mut error) = match serde_path_to_error::deserialize(&value) {
            Ok(body) => {
                for (_, error) in &left_out {
                    note(error);
                }
                return Ok(body);
            }
            Err(error) => (steps(error.path()), explain(&error.path().to_string(), error.inner())),
        };
        if let BodyError::Missing { path: field } = &error {
            // The first cause is told: what was wrong with the field before it was left out.
            let name = field.rsplit('.').next().unwrap_or_default();
            path.push(Step::Key(name.to_owned()));
            if let Some((_, cause)) = left_out.iter().find(|(left, _)| *left == path) {
                error = cause.clone();
            }
            path.pop();
        } else if reader == Reader::Client && respell(&mut value, &path) {
            continue;
        }
        let is_lost = path.is_empty() || error.is_of_list() || left_out.len() == REPAIRS_MAX;
        if reader == Reader::Server || is_lost || !remove(&mut value, &path) {
            return Err(error);
        }
        left_out.push((path, error));
    }
}

/// `null` is no value: the field might as well not be there. In a list it keeps its place.
pub(crate) fn strip_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(strip_nulls);
        }
        Value::Array(elements) => elements.iter_mut().for_each(strip_nulls),
        _ => {}
    }
}

/// A step of a path through a value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
}

fn steps(path: &serde_path_to_error::Path) -> Vec<Step> {
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(Step::Index(*index)),
        Segment::Map { key } => Some(Step::Key(key.clone())),
        Segment::Enum { .. } | Segment::Unknown => None,
    };
    path.iter().map_while(step).collect()
}

fn at<'a>(value: &'a mut Value, path: &[Step]) -> Option<&'a mut Value> {
    path.iter().try_fold(value, |value, step| match step {
        Step::Key(key) => value.get_mut(key),
        Step::Index(index) => value.get_mut(index),
    })
}

/// Where a text is wanted and a whole number stands, its digits are meant: an id, a name.
fn respell(value: &mut Value, path: &[Step]) -> bool {
    match at(value, path) {
        Some(value) if value.is_i64() || value.is_u64() => {
            *value = Value::String(value.to_string());
            true
        }
        _ => false,
    }
}

/// Leaves something out. Answers whether it was there.
fn remove(value: &mut Value, path: &[Step]) -> bool {
    let Some((last, above)) = path.split_last() else { return false };
    match (at(value, above), last) {
        (Some(Value::Object(fields)), Step::Key(key)) => fields.shift_remove(key).is_some(),
        (Some(Value::Array(elements)), Step::Index(index)) if *index < elements.len() => {
            elements.remove(*index);
            true
        }
        _ => false,
    }
}
