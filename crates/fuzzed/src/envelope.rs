//! An MQTT payload, and all else that is read from JSON.

use chatroom_wire::{
    Chatroom, Config, Message, body,
    envelope::{self, BadElement, Element},
    rest::{ErrorBody, MessagesPage, PollsPage, RefreshAnswer, TokenAnswer},
};

use crate::cost;

/// What a message takes beside its text, at most: a structure with a place for each thing that can be said.
const EACH_ELEMENT: usize = 1024;
/// What a field that this version does not know takes beside its text: a name and a value, in a list that grows.
const EACH_FIELD: usize = 512;
/// What an error and the reader take.
const FIXED: usize = 8 * 1024;

/// Reads the bytes as a payload and as each answer of the REST service.
///
/// # Panics
/// When a promise is broken.
pub fn check(data: &[u8]) {
    let elements = cost::bounded("a payload", bound(data), || envelope::decode(data));
    match elements {
        Ok(elements) => check_elements(data, &elements),
        Err(error) => assert!(error.to_string().chars().count() < 500, "{error}"),
    }
    check_answers(data);
}

/// What a payload may take: four times its size, and a fixed sum for each thing in it.
fn bound(data: &[u8]) -> usize {
    let elements = if data.contains(&b'[') { count(data, b',') + 1 } else { 1 };
    let fixed = FIXED + EACH_FIELD * count(data, b':') + EACH_ELEMENT * elements.min(envelope::ELEMENTS_MAX);
    cost::fourfold(data.len(), fixed)
}

fn count(data: &[u8], wanted: u8) -> usize {
    data.split(|byte| *byte == wanted).count() - 1
}

fn check_elements(data: &[u8], elements: &[Element]) {
    assert!(elements.len() <= envelope::ELEMENTS_MAX);
    let mut encoded = Vec::new();
    for (index, element) in elements.iter().enumerate() {
        match element {
            Ok(message) => encoded.push(rewritten(message)),
            Err(bad) => check_bad(data, index, bad),
        }
    }
    let written: usize = encoded.iter().map(Vec::len).sum();
    // Escapes only shrink; names of types, defaults and times in UTC add a little to each.
    assert!(written <= 2 * data.len() + EACH_ELEMENT * elements.len(), "{written} bytes of {}", data.len());
    let joined = envelope::join(encoded.iter().map(Vec::as_slice));
    let again = envelope::decode(&joined).expect("an array of messages that were written");
    let good = elements.iter().filter_map(|element| element.as_ref().ok());
    assert!(good.eq(again.iter().filter_map(|element| element.as_ref().ok())), "a batch reads as it was written");
}

/// The message as it is written, which must read as the message.
fn rewritten(message: &Message) -> Vec<u8> {
    let encoded = envelope::encode(message);
    let again = envelope::decode(&encoded).expect("a message that was written is JSON");
    assert_eq!(again, [Ok(message.clone())], "a message reads as it was written");
    encoded
}

/// A bad element says where and why, in few words, and is kept as it came.
fn check_bad(data: &[u8], index: usize, bad: &BadElement) {
    assert_eq!(bad.index, index);
    assert!(!bad.reason.is_empty() && bad.reason.chars().count() <= 500, "{}", bad.reason);
    assert!(bad.reason.chars().all(|c| !c.is_control()), "{:?}", bad.reason);
    let raw = bad.raw.as_str().as_bytes();
    assert!(data.windows(raw.len().max(1)).any(|window| window == raw), "it is kept as it came");
}

/// No answer of a service, whatever it holds, is more than an error.
fn check_answers(data: &[u8]) {
    let _ = Config::from_json(data);
    let _ = body::read::<Chatroom>(data);
    let _ = body::read::<ErrorBody>(data);
    let _ = body::read::<MessagesPage>(data);
    let _ = body::read::<PollsPage>(data);
    let _ = body::read::<RefreshAnswer>(data);
    let _ = body::read::<TokenAnswer>(data);
}
