//! All dictionaries in memory, in the form in which texts are compared.

use std::{
    collections::{HashMap, HashSet},
    fmt, mem,
    sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use chatroom_wire::DictionaryId;

use super::fold::{fold, folded};

/// The words of all dictionaries, shared by all rooms. Whoever asks waits only while a change that is ready is put in its
/// place: folding, and filling and dropping tables, happen beside that.
///
/// ```
/// use chatroom_server::filter::Lexicon;
///
/// let lexicon = Lexicon::default();
/// lexicon.set(&"d1".into(), ["spam", "Straße"]);
/// assert!(lexicon.matches(&["d1".into()], " SPAM "));
/// assert!(lexicon.matches(&["d0".into(), "d1".into()], "strasse"));
/// assert!(!lexicon.matches(&["d1".into()], "spam, please"));
/// assert!(!lexicon.matches(&["d0".into()], "spam"));
/// ```
#[derive(Default)]
pub struct Lexicon {
    words: RwLock<Words>,
    /// Held by whoever changes anything, so that nobody waits for `words` but for the moment of a change.
    changing: Mutex<()>,
}

type Words = HashMap<DictionaryId, HashSet<Box<str>>>;

impl Lexicon {
    /// Whether the whole text is a pattern of one of these dictionaries. One that is not there matches nothing.
    pub fn matches(&self, dictionaries: &[DictionaryId], text: &str) -> bool {
        if dictionaries.is_empty() {
            return false;
        }
        let text = folded(text);
        let words = self.read();
        dictionaries.iter().any(|id| words.get(id).is_some_and(|words| words.contains(text.as_ref())))
    }

    /// Puts these patterns in the place of all that a dictionary held.
    pub fn set<P: AsRef<str>>(&self, id: &DictionaryId, patterns: impl IntoIterator<Item = P>) {
        let words: HashSet<Box<str>> = patterns.into_iter().filter_map(word).collect();
        let _turn = self.turn();
        let old = self.write().insert(id.clone(), words);
        // A large set takes a while to drop: not while others wait.
        drop(old);
    }

    /// Adds patterns to a dictionary.
    pub fn add<P: AsRef<str>>(&self, id: &DictionaryId, patterns: impl IntoIterator<Item = P>) {
        let new: Vec<Box<str>> = patterns.into_iter().filter_map(word).collect();
        let _turn = self.turn();
        // A set without room for them is copied beside itself, where its growth holds nobody up.
        let is_full = |held: &&HashSet<Box<str>>| held.capacity() - held.len() < new.len();
        let roomy = self.read().get(id).filter(is_full).map(|held| {
            let mut roomy = HashSet::with_capacity(2 * (held.len() + new.len()));
            roomy.extend(held.iter().cloned());
            roomy
        });
        let mut words = self.write();
        let held = words.entry(id.clone()).or_default();
        let old = roomy.map(|roomy| mem::replace(held, roomy));
        held.extend(new);
        drop(words);
        drop(old);
    }

    /// Takes a dictionary out of force.
    pub fn remove(&self, id: &DictionaryId) {
        let _turn = self.turn();
        let old = self.write().remove(id);
        drop(old);
    }

    /// How many dictionaries there are.
    pub fn dictionaries(&self) -> usize {
        self.read().len()
    }

    /// How many words a dictionary has in force: patterns that fold to the same count once.
    pub fn len(&self, id: &DictionaryId) -> usize {
        self.read().get(id).map_or(0, HashSet::len)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, Words> {
        self.words.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Words> {
        self.words.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What folds to nothing is no word: it would match every empty text.
fn word<P: AsRef<str>>(pattern: P) -> Option<Box<str>> {
    Some(fold(pattern.as_ref())).filter(|word| !word.is_empty()).map(String::into_boxed_str)
}

impl fmt::Debug for Lexicon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lexicon").field("dictionaries", &self.dictionaries()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(id: &str) -> DictionaryId {
        id.into()
    }

    #[test]
    fn a_text_matches_as_a_whole_whatever_its_case_and_width() {
        let lexicon = Lexicon::default();
        lexicon.set(&id("d"), ["Buy Now", "ｈａｈａ"]);
        for text in ["buy now", "BUY NOW", "  Buy\u{200b} Now ", "ｂｕｙ ｎｏｗ", "haha", "HAHA"] {
            assert!(lexicon.matches(&[id("d")], text), "{text}");
        }
        for text in ["buy", "now", "buy now!", "please buy now", "buynow", "hahaha", ""] {
            assert!(!lexicon.matches(&[id("d")], text), "{text}");
        }
    }

    #[test]
    fn only_the_dictionaries_that_are_named_are_looked_at() {
        let lexicon = Lexicon::default();
        lexicon.set(&id("a"), ["apple"]);
        lexicon.set(&id("b"), ["pear"]);
        assert!(!lexicon.matches(&[], "apple"));
        assert!(!lexicon.matches(&[id("b")], "apple"));
        assert!(lexicon.matches(&[id("b"), id("a")], "apple"));
        assert!(!lexicon.matches(&[id("c")], "apple"));
    }

    #[test]
    fn patterns_are_added_replaced_and_removed() {
        let lexicon = Lexicon::default();
        let d = [id("d")];
        lexicon.add(&d[0], ["one"]);
        lexicon.add(&d[0], ["two", "TWO"]);
        assert_eq!(lexicon.len(&d[0]), 2);
        assert!(lexicon.matches(&d, "one") && lexicon.matches(&d, "two"));
        lexicon.set(&d[0], ["three"]);
        assert!(lexicon.matches(&d, "three") && !lexicon.matches(&d, "one"));
        lexicon.remove(&d[0]);
        assert!(!lexicon.matches(&d, "three"));
    }

    #[test]
    fn what_is_added_bit_by_bit_is_all_in_force() {
        let lexicon = Lexicon::default();
        let d = [id("d")];
        for number in 0..5000 {
            lexicon.add(&d[0], [format!("word {number}")]);
        }
        assert_eq!(lexicon.len(&d[0]), 5000);
        assert!((0..5000).all(|number| lexicon.matches(&d, &format!("WORD {number}"))));
    }

    #[test]
    fn a_pattern_that_folds_to_nothing_matches_nothing() {
        let lexicon = Lexicon::default();
        lexicon.set(&id("d"), ["", "  ", "\u{200b}"]);
        assert_eq!(lexicon.len(&id("d")), 0);
        assert!(!lexicon.matches(&[id("d")], ""));
        assert!(!lexicon.matches(&[id("d")], " \u{feff}"));
    }

    #[test]
    fn readers_see_the_old_words_or_the_new_ones_and_never_none() {
        let lexicon = Lexicon::default();
        let d = [id("d")];
        lexicon.set(&d[0], ["always", "old"]);
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for round in 0..200 {
                    lexicon.set(&d[0], ["always".to_owned(), format!("{round}")]);
                    lexicon.add(&d[0], (0..round).map(|more| format!("{more}")));
                }
            });
            while !writer.is_finished() {
                assert!(lexicon.matches(&d, "ALWAYS"));
            }
        });
    }
}
