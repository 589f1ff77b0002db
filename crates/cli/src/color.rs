//! Colours and other escape sequences: only where a person looks, and only as wrapping around text that was made safe before.

use std::{fmt, io::IsTerminal};

use clap::ValueEnum;

/// Whether to colour what is printed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless `$NO_COLOR` is set or `$TERM` is `dumb`.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Whether one stream is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Palette {
    on: bool,
}

/// A colour, or a weight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// In the background of attention.
    Dim,
    /// What failed.
    Red,
    /// What is in trouble.
    Yellow,
    /// What helps.
    Cyan,
    /// A badge: no text of anybody has its background.
    Badge,
    /// One of the colours for people.
    Person(u8),
}

/// The plain and the bright ones, without black, white, and the red of errors.
const OF_PEOPLE: [u8; 10] = [32, 33, 34, 35, 36, 92, 93, 94, 95, 96];

/// Whether a stream is a terminal that understands escape sequences: all of the program's depend on this.
pub(crate) fn is_steerable(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

impl ColorChoice {
    /// The palette for a stream.
    pub(crate) fn palette(self, stream: &impl IsTerminal) -> Palette {
        let asked_not_to = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Palette { on: self.decide(is_steerable(stream), asked_not_to) }
    }

    fn decide(self, terminal: bool, asked_not_to: bool) -> bool {
        match self {
            Self::Auto => terminal && !asked_not_to,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

impl Palette {
    /// Without colours.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self { on: false };
    /// With them.
    #[cfg(test)]
    pub(crate) const COLORED: Self = Self { on: true };

    /// Whether there are colours.
    pub(crate) fn is_on(self) -> bool {
        self.on
    }

    /// The text in a style; as it is, where there are no colours.
    pub(crate) fn paint<T: fmt::Display>(self, style: Style, text: T) -> Painted<T> {
        Painted { style: self.on.then_some(style), text }
    }
}

impl Style {
    /// Always the same colour for the same person.
    pub(crate) fn of_person(name: &str) -> Self {
        let hash = name.bytes().fold(0_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(u32::from(byte)));
        Self::Person(OF_PEOPLE[hash as usize % OF_PEOPLE.len()])
    }

    fn code(self) -> u8 {
        match self {
            Self::Dim => 2,
            Self::Red => 31,
            Self::Yellow => 33,
            Self::Cyan => 36,
            Self::Badge => 7,
            Self::Person(code) => code,
        }
    }
}

/// A text in a style.
#[derive(Debug)]
pub(crate) struct Painted<T> {
    style: Option<Style>,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.style {
            Some(style) => write!(f, "\x1b[{}m{}\x1b[0m", style.code(), self.text),
            None => self.text.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_and_for_those_who_insist() {
        for (choice, terminal, asked_not_to, on) in [
            (ColorChoice::Auto, true, false, true),
            (ColorChoice::Auto, true, true, false),
            (ColorChoice::Auto, false, false, false),
            (ColorChoice::Always, false, true, true),
            (ColorChoice::Never, true, false, false),
        ] {
            assert_eq!(choice.decide(terminal, asked_not_to), on, "{choice:?}");
        }
    }

    #[test]
    fn a_person_keeps_the_colour() {
        assert_eq!(Style::of_person("Ada"), Style::of_person("Ada"));
        assert_ne!(Style::of_person("Ada"), Style::of_person("Bob"));
    }
}
