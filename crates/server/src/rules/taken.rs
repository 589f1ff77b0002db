//! Which names are taken in the room: whoever went by a name first has it, until that person goes by another.
//!
//! Names stay free; that somebody else has a name is said beside it. What is known begins when the server loads the room:
//! names of people who are long gone are nobody's.

use std::collections::{HashMap, VecDeque};

use chatroom_wire::{UserId, names};

/// So many people are remembered; beyond, whoever came first is forgotten.
const PEOPLE: usize = 10_000;

/// The name that tokens for guests have unless another is said: it is nobody's.
pub(crate) const GUEST: &str = "Guest";

/// Who goes by which name.
#[derive(Debug, Default)]
pub(super) struct TakenNames {
    people: HashMap<UserId, Claim>,
    /// In the order in which they came.
    order: VecDeque<UserId>,
    owners: HashMap<String, UserId>,
}

#[derive(Debug)]
struct Claim {
    name: String,
    keys: Vec<String>,
}

impl TakenNames {
    /// Somebody goes by this name from now on. Says whether somebody else has it.
    pub(super) fn claim(&mut self, user: &UserId, name: &str) -> bool {
        if self.people.get(user).is_none_or(|claim| claim.name != name) {
            self.remember(user, name);
        }
        let Some(claim) = self.people.get(user) else { return false };
        let taken = claim.keys.iter().any(|key| self.owners.get(key).is_some_and(|owner| owner != user));
        if !taken {
            for key in &claim.keys {
                if !self.owners.contains_key(key) {
                    self.owners.insert(key.clone(), user.clone());
                }
            }
        }
        taken
    }

    /// Whether somebody else than this person has the name.
    pub(super) fn is_taken(&self, user: &UserId, name: &str) -> bool {
        names::keys(name).iter().any(|key| self.owners.get(key).is_some_and(|owner| owner != user))
    }

    fn remember(&mut self, user: &UserId, name: &str) {
        let keys = if name == GUEST { Vec::new() } else { names::keys(name) };
        let claim = Claim { name: name.to_owned(), keys };
        match self.people.insert(user.clone(), claim) {
            Some(before) => self.release(user, &before.keys),
            None => self.order.push_back(user.clone()),
        }
        if self.order.len() > PEOPLE
            && let Some(first) = self.order.pop_front()
            && let Some(claim) = self.people.remove(&first)
        {
            self.release(&first, &claim.keys);
        }
    }

    fn release(&mut self, user: &UserId, keys: &[String]) {
        for key in keys {
            if self.owners.get(key) == Some(user) {
                self.owners.remove(key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_its_first_bearer_s_until_that_one_goes_by_another() {
        let mut names = TakenNames::default();
        let (ann, ben) = (UserId::from("ann"), UserId::from("ben"));
        assert!(!names.claim(&ann, "Ann"));
        assert!(!names.claim(&ben, "Ben"));
        for name in ["Ann", "ANN", "Аnn", " ann ✓"] {
            assert!(names.claim(&ben, name) && names.is_taken(&ben, name), "{name}");
        }
        assert!(!names.claim(&ann, "Ann"), "who had it first has it still");
        assert!(!names.claim(&ann, "Anna"));
        assert!(!names.claim(&ben, "Ann"), "it is free again");
        assert!(names.claim(&ann, "Ann"));
    }

    #[test]
    fn the_name_of_guests_and_names_that_show_nothing_are_nobody_s() {
        let mut names = TakenNames::default();
        for name in [GUEST, "\u{200b}", ""] {
            assert!(!names.claim(&"one".into(), name) && !names.claim(&"other".into(), name), "{name:?}");
        }
    }

    #[test]
    fn so_many_people_are_remembered() {
        let mut names = TakenNames::default();
        for number in 0..PEOPLE + 10 {
            names.claim(&number.to_string().into(), &format!("name {number}"));
        }
        assert_eq!((names.people.len(), names.order.len()), (PEOPLE, PEOPLE));
        assert!(names.owners.len() <= 3 * PEOPLE);
        assert!(!names.is_taken(&"new".into(), "name 0") && names.is_taken(&"new".into(), "name 500"));
    }
}
