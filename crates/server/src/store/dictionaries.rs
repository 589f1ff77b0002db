//! The words of the filter, kept: dictionaries of the whole organisation.

use chatroom_wire::{
    DictionaryId, PatternId,
    dictionary::{Dictionary, Pattern},
};
use jiff::Timestamp;

use super::StoreFuture;

/// A dictionary to be made, or to be changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDictionary {
    /// Its id.
    pub id: DictionaryId,
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// When it is made, or changed.
    pub at: Timestamp,
}

/// Dictionaries and their patterns. Ids are the caller's choice and one of a kind.
///
/// # Cancel safety
/// A write whose future is dropped may still be carried out.
pub trait DictionaryStore: Send + Sync + 'static {
    /// Makes a dictionary; returns after it is durable. If there is one of this id, that one stays and is the answer.
    ///
    /// # Errors
    /// Those of the storage.
    fn create_dictionary(&self, new: NewDictionary) -> StoreFuture<'_, Dictionary>;

    /// Gives a dictionary another name and description. None if it is not there.
    ///
    /// # Errors
    /// Those of the storage.
    fn update_dictionary(&self, new: NewDictionary) -> StoreFuture<'_, Option<Dictionary>>;

    /// Removes a dictionary with its patterns, from all rooms too. Says whether it was there.
    ///
    /// # Errors
    /// Those of the storage.
    fn delete_dictionary(&self, id: &DictionaryId) -> StoreFuture<'_, bool>;

    /// One dictionary.
    ///
    /// # Errors
    /// Those of the storage.
    fn dictionary(&self, id: &DictionaryId) -> StoreFuture<'_, Option<Dictionary>>;

    /// The dictionaries, the oldest first: those made after `after`, or from the oldest on where that is none or not
    /// there. At most `limit`.
    ///
    /// # Errors
    /// Those of the storage.
    fn dictionaries(&self, after: Option<&DictionaryId>, limit: u16) -> StoreFuture<'_, Vec<Dictionary>>;

    /// Adds patterns to a dictionary, all or none. A text that is there already keeps its id; the answer has every text
    /// once, in their order, without those whose id another text has. None if the dictionary is not there.
    ///
    /// # Errors
    /// Nothing was added: those of the storage.
    fn add_patterns(
        &self,
        id: &DictionaryId,
        patterns: Vec<Pattern>,
        at: Timestamp,
    ) -> StoreFuture<'_, Option<Vec<Pattern>>>;

    /// Puts these patterns in the place of all that a dictionary holds; a text that comes twice is kept once. Answers how
    /// many it holds then, or none if it is not there.
    ///
    /// # Errors
    /// Nothing was changed: those of the storage.
    fn replace_patterns(
        &self,
        id: &DictionaryId,
        patterns: Vec<Pattern>,
        at: Timestamp,
    ) -> StoreFuture<'_, Option<u64>>;

    /// Gives a pattern another text. None if it is not there, or another pattern has that text.
    ///
    /// # Errors
    /// Those of the storage.
    fn update_pattern(&self, id: &DictionaryId, pattern: Pattern, at: Timestamp) -> StoreFuture<'_, Option<Pattern>>;

    /// Removes a pattern. Says whether it was there.
    ///
    /// # Errors
    /// Those of the storage.
    fn delete_pattern(&self, id: &DictionaryId, pattern: &PatternId, at: Timestamp) -> StoreFuture<'_, bool>;

    /// The patterns of a dictionary in the order in which they came: those behind `after`, or from the first on. At most
    /// `limit`. None if the dictionary is not there.
    ///
    /// # Errors
    /// Those of the storage.
    fn patterns(
        &self,
        id: &DictionaryId,
        after: Option<&PatternId>,
        limit: u32,
    ) -> StoreFuture<'_, Option<Vec<Pattern>>>;
}
