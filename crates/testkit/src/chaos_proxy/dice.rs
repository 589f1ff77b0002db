//! Randomness that a seed decides.

/// SplitMix64: small, and the same on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dice(u64);

impl Dice {
    /// Dice that throw what this seed decides.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of one's own for the thing number `number`: how often others throw makes no difference to them.
    #[must_use]
    pub fn of(&self, number: u64) -> Self {
        let mut dice = Self(self.0 ^ number.wrapping_add(1).wrapping_mul(0xd6e8_feb8_6659_fd93));
        Self(dice.throw())
    }

    /// Any number.
    pub fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `end`; 0 if `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        self.throw().checked_rem(end).unwrap_or(0)
    }

    /// From 0 to below 1.
    pub fn unit(&mut self) -> f64 {
        // 53 bits are what an f64 holds exactly.
        #[expect(clippy::cast_precision_loss, reason = "both numbers have at most 53 bits")]
        let unit = (self.throw() >> 11) as f64 / (1_u64 << 53) as f64;
        unit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same_and_another_one_does_not() {
        let throws = |mut dice: Dice| [(); 8].map(|()| dice.throw());
        assert_eq!(throws(Dice::new(7)), throws(Dice::new(7)));
        assert_ne!(throws(Dice::new(7)), throws(Dice::new(8)));
        assert_ne!(throws(Dice::new(7).of(0)), throws(Dice::new(7).of(1)));
    }

    #[test]
    fn a_throw_stays_below_its_end() {
        let mut dice = Dice::new(1);
        assert!((0..1_000).all(|_| dice.below(3) < 3 && dice.unit() < 1.0));
        assert_eq!(dice.below(0), 0);
    }
}
