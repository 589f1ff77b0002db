//! What the seed decides for one connection, before a byte of it has come.

use std::time::Duration;

use super::dice::Dice;
use super::point::{At, Direction, PacketKind, Place};
use super::scan::{Found, Mark};
use super::script::{Fault, Script};

/// Within how many bytes of a TLS handshake it is cut: fewer than any side says at first.
const CLIENT_HELLO: u64 = 100;
const SERVER_HELLO: u64 = 500;

/// All that may happen to one connection: the rules that chance gave it, every number drawn.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub(super) hits: Vec<Hit>,
}

/// One rule, for one connection.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hit {
    /// Its place in the script.
    pub(super) rule: usize,
    pub(super) fault: Fault,
    pub(super) when: When,
    /// For what is decided on the way.
    pub(super) dice: Dice,
}

/// A point of one connection; `part` decides where in a range whose size nobody knows yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum When {
    Start,
    Handshake { direction: Direction, bytes: u64 },
    Upgrade { direction: Direction, part: u64 },
    Bytes { direction: Direction, count: u64 },
    After(Duration),
    Packet { direction: Direction, kind: PacketKind, nth: u64, place: Place, part: u64 },
    Frame { direction: Direction, nth: u64, place: Place, part: u64 },
}

impl Plan {
    /// What happens to the connection of this number, by this script: always the same.
    pub fn new(script: &Script, number: u64) -> Self {
        let dice = Dice::new(script.seed).of(number);
        let rules = script.rules.iter().enumerate().filter(|(_, rule)| rule.connections.include(number));
        let hits = rules.filter_map(|(index, rule)| {
            // Of its own: a change of one rule leaves the others' decisions as they are.
            let mut dice = dice.of(index as u64);
            rule.chance.draw(&mut dice).then(|| Hit {
                rule: index,
                fault: rule.fault.clone(),
                when: When::draw(&rule.at, &mut dice),
                dice,
            })
        });
        Self { hits: hits.collect() }
    }
}

impl When {
    fn draw(at: &At, dice: &mut Dice) -> Self {
        match at {
            At::Start => Self::Start,
            At::Handshake(direction) => {
                let bytes = if *direction == Direction::Up { CLIENT_HELLO } else { SERVER_HELLO };
                Self::Handshake { direction: *direction, bytes: 1 + dice.below(bytes) }
            }
            At::Upgrade(direction) => Self::Upgrade { direction: *direction, part: dice.throw() },
            At::Bytes(count) => Self::Bytes { direction: count.direction, count: count.count.draw(dice) },
            At::Ms(span) => Self::After(Duration::from_millis(span.draw(dice))),
            At::Packet(packet) => Self::Packet {
                direction: packet.way(),
                kind: packet.kind,
                nth: packet.nth.draw(dice),
                place: packet.place,
                part: dice.throw(),
            },
            At::Frame(frame) => Self::Frame {
                direction: frame.direction,
                nth: frame.nth.draw(dice),
                place: frame.place,
                part: dice.throw(),
            },
        }
    }

    /// The direction in whose bytes the point is looked for; nothing if it is not there.
    pub(super) fn direction(&self) -> Option<Direction> {
        match self {
            Self::Start | Self::After(_) => None,
            Self::Handshake { direction, .. } | Self::Upgrade { direction, .. } | Self::Bytes { direction, .. } => {
                Some(*direction)
            }
            Self::Packet { direction, .. } | Self::Frame { direction, .. } => Some(*direction),
        }
    }

    /// Looks at a mark of the stream; the position at which the point is, once it is found.
    pub(super) fn meet(&mut self, mark: Mark) -> Option<u64> {
        match (self, mark) {
            (Self::Handshake { bytes, .. }, Mark::Tls) => Some(*bytes),
            (Self::Upgrade { part, .. }, Mark::Upgrade { end }) => Some(1 + *part % (end - 1)),
            (Self::Packet { kind, nth, place, part, .. }, Mark::Packet { first_byte, found }) => {
                if kind.is(first_byte) { count(nth, *place, *part, found) } else { None }
            }
            (Self::Frame { nth, place, part, .. }, Mark::Frame(found)) => count(nth, *place, *part, found),
            _ => None,
        }
    }
}

fn count(nth: &mut u64, place: Place, part: u64, found: Found) -> Option<u64> {
    if place != found.place {
        return None;
    }
    *nth -= 1;
    (*nth == 0).then(|| found.at + part % (found.more + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> Script {
        Script::from_json(include_str!("example.json")).expect("the example is a script")
    }

    fn plans(script: &Script) -> Vec<Plan> {
        (0..200).map(|number| Plan::new(script, number)).collect()
    }

    #[test]
    fn the_same_seed_decides_the_same_and_another_seed_does_not() {
        let script = example();
        assert_eq!(plans(&script), plans(&script));
        assert_ne!(plans(&script), plans(&Script { seed: 1, ..script.clone() }));
    }

    #[test]
    fn a_changed_rule_leaves_the_decisions_about_the_others_alone() {
        let (script, mut changed) = (example(), example());
        changed.rules[1].chance = super::super::number::Chance::new(0.0).unwrap();
        for (before, after) in plans(&script).into_iter().zip(plans(&changed)) {
            let others: Vec<_> = before.hits.into_iter().filter(|hit| hit.rule != 1).collect();
            assert_eq!(others, after.hits);
        }
    }

    #[test]
    fn chance_gives_a_rule_to_about_its_share_of_the_connections() {
        let of = |rule| plans(&example()).iter().filter(|plan| plan.hits.iter().any(|hit| hit.rule == rule)).count();
        assert_eq!(of(0), 200);
        assert!((70..130).contains(&of(1)), "{}", of(1));
    }
}
