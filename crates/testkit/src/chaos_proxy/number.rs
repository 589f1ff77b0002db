//! Numbers of a script that the seed decides.

use serde::{Deserialize, Serialize};

use super::dice::Dice;

/// A number, or `[LEAST, MOST]` of which the seed picks one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Span {
    least: u64,
    most: u64,
}

/// How likely something is, from 0 to 1; 1 unless said.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Chance(f64);

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Number(u64),
    Span([u64; 2]),
}

impl Span {
    /// Always this number.
    pub const fn just(number: u64) -> Self {
        Self { least: number, most: number }
    }

    /// One from `least` to `most`.
    ///
    /// # Errors
    /// If the least is more than the most.
    pub fn new(least: u64, most: u64) -> Result<Self, &'static str> {
        if least > most { Err("the least is more than the most") } else { Ok(Self { least, most }) }
    }

    pub(super) fn least(self) -> u64 {
        self.least
    }

    pub(super) fn draw(self, dice: &mut Dice) -> u64 {
        match (self.most - self.least).checked_add(1) {
            Some(width) => self.least + dice.below(width),
            None => dice.throw(),
        }
    }
}

impl Chance {
    /// How likely, from 0 to 1.
    ///
    /// # Errors
    /// If it is not.
    pub fn new(chance: f64) -> Result<Self, &'static str> {
        if (0.0..=1.0).contains(&chance) { Ok(Self(chance)) } else { Err("a chance is from 0 to 1") }
    }

    pub(super) fn draw(self, dice: &mut Dice) -> bool {
        dice.unit() < self.0
    }
}

impl Default for Chance {
    fn default() -> Self {
        Self(1.0)
    }
}

impl TryFrom<f64> for Chance {
    type Error = &'static str;

    fn try_from(chance: f64) -> Result<Self, Self::Error> {
        Self::new(chance)
    }
}

impl From<Chance> for f64 {
    fn from(chance: Chance) -> Self {
        chance.0
    }
}

impl TryFrom<Written> for Span {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        match written {
            Written::Number(number) => Ok(Self::just(number)),
            Written::Span([least, most]) => Self::new(least, most),
        }
    }
}

impl From<Span> for Written {
    fn from(span: Span) -> Self {
        if span.least == span.most { Self::Number(span.least) } else { Self::Span([span.least, span.most]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drawn_number_is_within_its_span_and_reaches_both_ends() {
        let mut dice = Dice::new(3);
        let span = Span::new(2, 5).unwrap();
        let drawn: std::collections::BTreeSet<u64> = (0..200).map(|_| span.draw(&mut dice)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [2, 3, 4, 5]);
        assert_eq!(Span::just(7).draw(&mut dice), 7);
        Span::new(0, u64::MAX).unwrap().draw(&mut dice);
    }

    #[test]
    fn what_is_certain_always_happens_and_what_is_impossible_never() {
        let mut dice = Dice::new(3);
        let (never, always) = (Chance::new(0.0).unwrap(), Chance::default());
        assert!((0..200).all(|_| always.draw(&mut dice) && !never.draw(&mut dice)));
    }
}
