//! What is to be said: one text, a text many times, or lines of stdin.

use std::{io, time::Duration};

use tokio::time::{Instant, sleep_until};

use crate::input::{BadLine, Input, Line};

/// One thing to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// Its place, from 1: that of its line, where it is one of stdin.
    pub(super) number: u64,
    pub(super) text: String,
}

/// A line of stdin that can't be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused {
    /// Its place, from 1.
    pub(super) number: u64,
    pub(super) why: BadLine,
}

/// Where the texts come from, and how fast.
#[derive(Debug)]
pub(super) struct Source {
    texts: Texts,
    given: u64,
    every: Option<Duration>,
    next_at: Option<Instant>,
}

#[derive(Debug)]
enum Texts {
    Once(String),
    Counted { text: String, count: u64 },
    Lines(Input),
    Over,
}

impl Source {
    /// A text; with a count, that many times, `{n}` in it becoming 0, 1, 2, …
    pub(super) fn text(text: String, count: Option<u64>, every: Option<Duration>) -> Self {
        Self::new(count.map_or(Texts::Once(text.clone()), |count| Texts::Counted { text, count }), every)
    }

    /// Each line of stdin.
    pub(super) fn stdin(every: Option<Duration>) -> io::Result<Self> {
        Ok(Self::new(Texts::Lines(Input::start()?), every))
    }

    fn new(texts: Texts, every: Option<Duration>) -> Self {
        Self { texts, given: 0, every, next_at: None }
    }

    /// How many there will be, where that is known.
    pub(super) fn total(&self) -> Option<u64> {
        match &self.texts {
            Texts::Once(_) => Some(1),
            Texts::Counted { count, .. } => Some(*count),
            Texts::Lines(_) | Texts::Over => None,
        }
    }

    /// Whether there is no more.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.texts, Texts::Over)
    }

    /// Gives no more.
    pub(super) fn end(&mut self) {
        self.texts = Texts::Over;
    }

    /// The next text, when its time has come; none when this one is not to be said, or there is no more. May be dropped
    /// and called again: nothing is lost.
    pub(super) async fn next(&mut self) -> io::Result<Option<Result<Said, Refused>>> {
        if let Some(at) = self.next_at {
            sleep_until(at).await;
        }
        let counted = self.given + 1;
        let next = match &mut self.texts {
            Texts::Over => None,
            Texts::Once(text) => {
                let text = std::mem::take(text);
                self.texts = Texts::Over;
                Some((counted, text))
            }
            Texts::Counted { text, count } => {
                let numbered = text.replace("{n}", &self.given.to_string());
                if self.given + 1 >= *count {
                    self.texts = Texts::Over;
                }
                Some((counted, numbered))
            }
            Texts::Lines(input) => match input.next().await? {
                Some(Line { number, text: Err(why) }) => return Ok(Some(Err(Refused { number, why }))),
                Some(Line { text: Ok(text), .. }) if chatroom_wire::safe_text::is_blank(&text) => None,
                Some(Line { number, text: Ok(text) }) => Some((number, text)),
                None => {
                    self.texts = Texts::Over;
                    None
                }
            },
        };
        let Some((number, text)) = next else { return Ok(None) };
        self.given = counted;
        let now = Instant::now();
        // Counted from the last planned time, so that the pace does not drift; a late one does not make the next hurry.
        self.next_at = self.every.map(|every| self.next_at.map_or(now, |at| at.max(now)) + every);
        Ok(Some(Ok(Said { number, text })))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(mut source: Source) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut said = Vec::new();
            while !source.is_over() {
                said.extend(source.next().await.unwrap().map(|said| said.unwrap().text));
            }
            said
        })
    }

    #[test]
    fn a_count_numbers_the_text_as_the_sample_does() {
        assert_eq!(all(Source::text("[{n}]".to_owned(), Some(3), None)), ["[0]", "[1]", "[2]"]);
    }

    #[test]
    fn without_a_count_a_text_is_said_once_and_as_it_is() {
        assert_eq!(all(Source::text("[{n}]".to_owned(), None, None)), ["[{n}]"]);
    }

    #[test]
    fn how_many_there_will_be_is_known_for_texts_alone() {
        assert_eq!(Source::text("a".to_owned(), None, None).total(), Some(1));
        assert_eq!(Source::text("a".to_owned(), Some(7), None).total(), Some(7));
    }
}
