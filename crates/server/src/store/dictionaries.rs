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

/// A list in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternList(String);

impl PatternList {
    /// A list like no other.
    #[expect(clippy::new_without_default, reason = "no two are equal")]
    pub fn new() -> Self {
        Self(uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string())
    }

    pub(super) fn unique(&self) -> &str {
        &self.0
    }
}

/// How many patterns a piece of a long list has.
const PIECE: usize = 250;

/// A list in pieces; at least one, also of no patterns.
pub(crate) fn pieces(patterns: &[Pattern]) -> impl Iterator<Item = &[Pattern]> {
    let rest = patterns.get(PIECE..).unwrap_or_default();
    std::iter::once(&patterns[..patterns.len().min(PIECE)]).chain(rest.chunks(PIECE))
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

    /// Adds a piece to a list in the making, which nobody sees: a long list is written bit by bit, so that nobody waits for
    /// all of it. A text that comes twice is kept once.
    ///
    /// # Errors
    /// Those of the storage.
    fn stage_patterns(&self, list: &PatternList, piece: Vec<Pattern>) -> StoreFuture<'_, ()>;

    /// Puts a list, of which at least one piece was staged, in the place of all that a dictionary holds. Answers how many
    /// patterns it holds then, or none if it is not there.
    ///
    /// # Errors
    /// Nothing was changed: those of the storage.
    fn put_patterns(&self, id: &DictionaryId, list: &PatternList, at: Timestamp) -> StoreFuture<'_, Option<u64>>;

    /// Gives a list in the making up.
    ///
    /// # Errors
    /// Those of the storage.
    fn abandon_patterns(&self, list: &PatternList) -> StoreFuture<'_, ()>;

    /// Removes a piece of what dictionaries held before they were removed or had their patterns replaced, and of lists that
    /// were given up. Says whether there may be more.
    ///
    /// # Errors
    /// Those of the storage.
    fn sweep_patterns(&self) -> StoreFuture<'_, bool>;

    /// Puts these patterns in the place of all that a dictionary holds, in pieces: until the last one is stored nothing has
    /// changed.
    ///
    /// # Errors
    /// Nothing was changed: those of the storage.
    ///
    /// # Cancel safety
    /// Dropped, it is given up, unless the last piece is stored.
    fn replace_patterns(
        &self,
        id: &DictionaryId,
        patterns: Vec<Pattern>,
        at: Timestamp,
    ) -> StoreFuture<'_, Option<u64>> {
        let id = id.clone();
        Box::pin(async move {
            let list = PatternList::new();
            for piece in pieces(&patterns) {
                self.stage_patterns(&list, piece.to_vec()).await?;
            }
            let count = self.put_patterns(&id, &list, at).await?;
            while self.sweep_patterns().await? {}
            Ok(count)
        })
    }

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
