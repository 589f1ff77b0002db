//! The store as the word filter sees it.

use chatroom_wire::{
    DictionaryId, PatternId,
    dictionary::{Dictionary, Pattern},
};
use jiff::Timestamp;

use super::{
    SqliteStore, dictionaries, patterns,
    writer::{GROUP_MAX, Load},
};
use crate::store::{DictionaryStore, NewDictionary, StoreFuture};

impl DictionaryStore for SqliteStore {
    fn create_dictionary(&self, new: NewDictionary) -> StoreFuture<'_, Dictionary> {
        Box::pin(self.writer.write(1, move |connection| dictionaries::create(connection, &new)))
    }

    fn update_dictionary(&self, new: NewDictionary) -> StoreFuture<'_, Option<Dictionary>> {
        Box::pin(self.writer.write(1, move |connection| dictionaries::update(connection, &new)))
    }

    fn delete_dictionary(&self, id: &DictionaryId) -> StoreFuture<'_, bool> {
        let id = id.clone();
        Box::pin(self.writer.write(Load::erasing(GROUP_MAX), move |connection| dictionaries::delete(connection, &id)))
    }

    fn dictionary(&self, id: &DictionaryId) -> StoreFuture<'_, Option<Dictionary>> {
        let id = id.clone();
        Box::pin(self.readers.read(move |connection| dictionaries::read(connection, &id)))
    }

    fn dictionaries(&self, after: Option<&DictionaryId>, limit: u16) -> StoreFuture<'_, Vec<Dictionary>> {
        let after = after.cloned();
        Box::pin(self.readers.read(move |connection| dictionaries::page(connection, after.as_ref(), limit)))
    }

    fn add_patterns(
        &self,
        id: &DictionaryId,
        patterns: Vec<Pattern>,
        at: Timestamp,
    ) -> StoreFuture<'_, Option<Vec<Pattern>>> {
        let id = id.clone();
        let weight = patterns.len();
        Box::pin(self.writer.write(weight, move |connection| patterns::add(connection, &id, &patterns, at)))
    }

    fn replace_patterns(
        &self,
        id: &DictionaryId,
        patterns: Vec<Pattern>,
        at: Timestamp,
    ) -> StoreFuture<'_, Option<u64>> {
        let id = id.clone();
        let weight = patterns.len();
        Box::pin(
            self.writer
                .write(Load::erasing(weight), move |connection| patterns::replace(connection, &id, &patterns, at)),
        )
    }

    fn update_pattern(&self, id: &DictionaryId, pattern: Pattern, at: Timestamp) -> StoreFuture<'_, Option<Pattern>> {
        let id = id.clone();
        Box::pin(self.writer.write(1, move |connection| patterns::update(connection, &id, pattern, at)))
    }

    fn delete_pattern(&self, id: &DictionaryId, pattern: &PatternId, at: Timestamp) -> StoreFuture<'_, bool> {
        let (id, pattern) = (id.clone(), pattern.clone());
        Box::pin(self.writer.write(Load::erasing(1), move |connection| patterns::delete(connection, &id, &pattern, at)))
    }

    fn patterns(
        &self,
        id: &DictionaryId,
        after: Option<&PatternId>,
        limit: u32,
    ) -> StoreFuture<'_, Option<Vec<Pattern>>> {
        let (id, after) = (id.clone(), after.cloned());
        Box::pin(self.readers.read(move |connection| patterns::page(connection, &id, after.as_ref(), limit)))
    }
}
