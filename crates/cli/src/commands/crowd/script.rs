//! The script of the demo, read from its own file.

use std::time::Duration;

/// Who says what, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Script {
    pub(super) cast: Vec<Person>,
    lines: Vec<Line>,
    /// From which line on it begins again.
    again: usize,
}

/// Somebody of the crowd.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) name: String,
    pub(super) admin: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    person: usize,
    wait: Duration,
    text: String,
}

impl Script {
    /// The script that comes with the program.
    pub(crate) fn of_the_demo() -> Self {
        Self::read(include_str!("script.txt")).expect("a test reads the same file")
    }

    /// How many people are in it.
    pub(crate) fn people(&self) -> usize {
        self.cast.len()
    }

    /// The lines: who (a place in the cast), how long after the line before, and what. Without end, where a part of the
    /// script is said again.
    pub(super) fn lines(&self) -> impl Iterator<Item = (usize, Duration, &str)> {
        let again = &self.lines[self.again..];
        self.lines.iter().chain(again.iter().cycle()).map(|line| (line.person, line.wait, line.text.as_str()))
    }

    fn read(text: &str) -> Result<Self, String> {
        let mut script = Self { cast: Vec::new(), lines: Vec::new(), again: 0 };
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let wrong = |what: &str| format!("line {}: {what}", number + 1);
            if line == "again" {
                script.again = script.lines.len();
            } else if let Some(person) = line.strip_prefix("cast ") {
                let (name, admin) = match person.trim().strip_suffix(" admin") {
                    Some(name) => (name.trim(), true),
                    None => (person.trim(), false),
                };
                script.cast.push(Person { name: name.to_owned(), admin });
            } else {
                let (wait, rest) = line.split_once(' ').ok_or_else(|| wrong("there is no text"))?;
                let wait = wait.parse().map(Duration::from_millis).map_err(|_| wrong("the wait is no number"))?;
                let (name, text) = rest.split_once(": ").ok_or_else(|| wrong("nobody says it"))?;
                let person = script.cast.iter().position(|person| person.name == name.trim());
                let person = person.ok_or_else(|| wrong("who says it is not in the cast"))?;
                script.lines.push(Line { person, wait, text: text.to_owned() });
            }
        }
        Ok(script)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_demo_s_script_has_a_crowd_that_all_speak() {
        let script = Script::read(include_str!("script.txt")).unwrap();
        assert!(script.people() >= 5);
        let speakers: BTreeSet<usize> = script.lines.iter().map(|line| line.person).collect();
        assert_eq!(speakers.len(), script.people());
        assert!(script.cast.iter().any(|person| person.admin));
    }

    #[test]
    fn the_demo_begins_lively() {
        let script = Script::of_the_demo();
        let first_five: Duration = script.lines().take(5).map(|(_, wait, _)| wait).sum();
        assert!(first_five < Duration::from_secs(1), "{first_five:?}");
    }

    #[test]
    fn the_second_part_is_said_again() {
        let script = Script::read("cast A\n0 A: once\nagain\n9 A: often\n9 A: and often\n").unwrap();
        let said: Vec<&str> = script.lines().map(|(_, _, text)| text).take(6).collect();
        assert_eq!(said, ["once", "often", "and often", "often", "and often", "often"]);
    }

    #[test]
    fn nobody_speaks_too_fast_for_the_server() {
        // A viewer may write 5 messages a second by default.
        let script = Script::of_the_demo();
        for person in 0..script.people() {
            let (mut clock, mut times) = (Duration::ZERO, Vec::new());
            for (who, wait, _) in script.lines().take(400) {
                clock += wait;
                if who == person {
                    times.push(clock);
                }
            }
            let close = times.windows(6).find(|six| six[5] < six[0] + Duration::from_secs(1));
            assert_eq!(close, None, "{}", script.cast[person].name);
        }
    }

    #[test]
    fn a_script_that_can_t_be_read_says_where() {
        for (text, problem) in [
            ("cast A\n0", "line 2: there is no text"),
            ("cast A\nsoon A: hi", "line 2: the wait is no number"),
            ("cast A\n0 A hi", "line 2: nobody says it"),
            ("cast A\n0 B: hi", "line 2: who says it is not in the cast"),
        ] {
            assert_eq!(Script::read(text).unwrap_err(), problem);
        }
    }
}
