//! Holds what senders were told, and what readers read, against the room's own log.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What somebody was told of their messages: by id, the states in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Told(BTreeMap<String, Vec<String>>);

/// A message that was read; its text is `<process> <number>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) text: String,
}

/// What stands in a reader's log.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    Message(Line),
    /// A hole that could not be filled.
    Gap(String),
}

impl Told {
    /// Takes lines of `chatroom send --json`.
    pub(super) fn take(&mut self, lines: &[String]) {
        for line in lines {
            // A program that is killed may leave half a line, of which nobody was told.
            let Ok(line) = serde_json::from_str::<Value>(line) else { continue };
            if let (Some(id), Some(state)) = (line["id"].as_str(), line["state"].as_str()) {
                self.0.entry(id.to_owned()).or_default().push(state.to_owned());
            }
        }
    }

    /// How many were told this of.
    pub(super) fn count(&self, state: &str) -> usize {
        self.0.values().filter(|states| states.iter().any(|told| told == state)).count()
    }
}

/// The texts that people said, in a log of `tail --json` or `history --json`, and the gaps.
pub(super) fn read(lines: &[String]) -> Vec<Read> {
    let read = |line: &String| {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("this line is no JSON: {line}"));
        if let Some(gap) = line.get("gap") {
            return Some(Read::Gap(gap.to_string()));
        }
        let text = line["text_message"]["text"].as_str()?.to_owned();
        Some(Read::Message(Line { id: line["id"].as_str().unwrap_or_default().to_owned(), text }))
    };
    lines.iter().filter_map(read).collect()
}

/// All that is wrong; nothing if every promise was kept.
pub(super) fn verdict(told: &Told, room: &[Read], readers: &[Vec<Read>]) -> Vec<String> {
    let mut wrong = Vec::new();
    let log: Vec<&Line> = room.iter().filter_map(message).collect();
    let ids: BTreeSet<&str> = log.iter().map(|line| line.id.as_str()).collect();
    for (id, states) in &told.0 {
        if !ids.contains(id.as_str()) {
            wrong.push(format!("lost: {id}, of which was told {states:?}"));
        }
        if let Some(end) = states.iter().find(|state| !matches!(state.as_str(), "queued" | "kept" | "delivered")) {
            wrong.push(format!("given up: {id} is {end}"));
        }
    }
    wrong.extend(doubled("the room's log", &log));
    wrong.extend(out_of_order(&log));
    for (number, reader) in readers.iter().enumerate() {
        let name = format!("reader {number}");
        wrong.extend(reader.iter().filter_map(|read| match read {
            Read::Gap(gap) => Some(format!("{name} has a hole: {gap}")),
            Read::Message(_) => None,
        }));
        let seen: Vec<&Line> = reader.iter().filter_map(message).collect();
        wrong.extend(doubled(&name, &seen));
        let have: BTreeSet<&str> = seen.iter().map(|line| line.id.as_str()).collect();
        for missed in log.iter().filter(|line| !have.contains(line.id.as_str())) {
            wrong.push(format!("{name} never read {missed:?}"));
        }
        if let Some((place, (seen, said))) = seen.iter().zip(&log).enumerate().find(|(_, (seen, said))| seen != said) {
            wrong.push(format!("{name} differs from the room at place {place}: {seen:?} for {said:?}"));
        }
        if seen.len() > log.len() {
            wrong.push(format!("{name} read {} messages of {}", seen.len(), log.len()));
        }
    }
    wrong
}

fn message(read: &Read) -> Option<&Line> {
    match read {
        Read::Message(line) => Some(line),
        Read::Gap(_) => None,
    }
}

/// Each id once, and each text once: a message that was sent again under another id is doubled too.
fn doubled(name: &str, log: &[&Line]) -> Vec<String> {
    let (mut ids, mut texts) = (BTreeSet::new(), BTreeSet::new());
    let twice = log.iter().filter(|line| {
        let new = (ids.insert(&line.id), texts.insert(&line.text));
        new != (true, true)
    });
    twice.map(|line| format!("doubled in {name}: {line:?}")).collect()
}

/// What one process said stands in the order in which it said it.
fn out_of_order(log: &[&Line]) -> Vec<String> {
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    let mut wrong = Vec::new();
    for line in log {
        let said = line.text.split_once(' ').and_then(|(who, number)| Some((who, number.parse::<u64>().ok()?)));
        let Some((who, number)) = said else {
            wrong.push(format!("nobody said {line:?}"));
            continue;
        };
        if last.insert(who, number).is_some_and(|before| before > number) {
            wrong.push(format!("out of order: {line:?}"));
        }
    }
    wrong
}

mod tests {
    use super::*;

    fn line(text: &str) -> Read {
        Read::Message(Line { id: format!("id of {text}"), text: text.to_owned() })
    }

    fn lines(texts: &[&str]) -> Vec<Read> {
        texts.iter().map(|text| line(text)).collect()
    }

    fn told(states: &[(&str, &str)]) -> Told {
        let mut told = Told::default();
        let json = |(text, state): &(&str, &str)| format!(r#"{{"id": "id of {text}", "state": "{state}"}}"#);
        told.take(&states.iter().map(json).collect::<Vec<_>>());
        told
    }

    fn is_found(found: &[String], what: &str) {
        assert!(found.iter().any(|wrong| wrong.contains(what)), "{what} is not among {found:?}");
    }

    #[test]
    fn a_good_evening_has_nothing_wrong() {
        let room = lines(&["1 0", "2 0", "1 1"]);
        let readers = [lines(&["1 0", "2 0", "1 1"]), lines(&["1 0", "2 0", "1 1"])];
        let told = told(&[("1 0", "queued"), ("1 0", "delivered"), ("2 0", "queued")]);
        assert_eq!(verdict(&told, &room, &readers), Vec::<String>::new());
        assert_eq!((told.count("queued"), told.count("delivered")), (2, 1));
    }

    #[test]
    fn what_was_told_and_is_not_there_is_lost() {
        for state in ["queued", "delivered"] {
            is_found(&verdict(&told(&[("1 0", state)]), &[], &[]), "lost: id of 1 0");
        }
        is_found(&verdict(&told(&[("1 0", "expired")]), &[], &[]), "given up");
    }

    #[test]
    fn what_is_there_twice_is_found_under_one_id_or_two() {
        is_found(&verdict(&Told::default(), &lines(&["1 0", "1 0"]), &[]), "doubled in the room's log");
        let again = Read::Message(Line { id: "another".to_owned(), text: "1 0".to_owned() });
        is_found(&verdict(&Told::default(), &[line("1 0"), again], &[]), "doubled in the room's log");
    }

    #[test]
    fn readers_must_agree_with_the_room() {
        let room = || lines(&["1 0", "2 0", "1 1"]);
        let of = |reader: Vec<Read>| verdict(&Told::default(), &room(), &[reader]);
        is_found(&of(lines(&["1 0", "1 1"])), "never read");
        is_found(&of(lines(&["1 0", "1 1", "2 0"])), "differs from the room at place 1");
        is_found(&of(lines(&["1 0", "2 0", "2 0", "1 1"])), "doubled in reader 0");
        is_found(&of(lines(&["1 0", "2 0", "1 1", "3 0"])), "read 4 messages of 3");
        let mut gap = room();
        gap.push(Read::Gap("from here to there".to_owned()));
        is_found(&of(gap), "has a hole: from here to there");
    }

    #[test]
    fn a_process_that_is_not_in_its_own_order_is_found() {
        is_found(&verdict(&Told::default(), &lines(&["1 1", "2 0", "1 0"]), &[]), "out of order");
        is_found(&verdict(&Told::default(), &lines(&["what?"]), &[]), "nobody said");
    }
}
