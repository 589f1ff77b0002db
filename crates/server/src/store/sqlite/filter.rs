//! The store as the word filter sees it.

use chatroom_wire::{
    DictionaryId, PatternId,
    dictionary::{Dictionary, Pattern},
};
use jiff::Timestamp;

use super::{SqliteStore, dictionaries, lists, patterns, writer::Load};
use crate::store::{DictionaryStore, NewDictionary, PatternList, StoreFuture};

impl DictionaryStore for SqliteStore {
    fn create_dictionary(&self, new: NewDictionary) -> StoreFuture<'_, Dictionary> {
        Box::pin(self.writer.write(1, move |connection| dictionaries::create(connection, &new)))
    }

    fn update_dictionary(&self, new: NewDictionary) -> StoreFuture<'_, Option<Dictionary>> {
        Box::pin(self.writer.write(1, move |connection| dictionaries::update(connection, &new)))
    }

    fn delete_dictionary(&self, id: &DictionaryId) -> StoreFuture<'_, bool> {
        let id = id.clone();
        Box::pin(self.writer.write(1, move |connection| lists::remove(connection, &id)))
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

    fn stage_patterns(&self, list: &PatternList, piece: Vec<Pattern>) -> StoreFuture<'_, ()> {
        let list = lists::new_id(list.unique());
        Box::pin(self.writer.write(piece.len(), move |connection| lists::stage(connection, &list, &piece)))
    }

    fn put_patterns(&self, id: &DictionaryId, list: &PatternList, at: Timestamp) -> StoreFuture<'_, Option<u64>> {
        let (id, list) = (id.clone(), lists::new_id(list.unique()));
        Box::pin(self.writer.write(1, move |connection| lists::swap(connection, &id, &list, at)))
    }

    fn abandon_patterns(&self, list: &PatternList) -> StoreFuture<'_, ()> {
        let list = lists::new_id(list.unique());
        Box::pin(self.writer.write(1, move |connection| lists::abandon(connection, &list)))
    }

    fn sweep_patterns(&self) -> StoreFuture<'_, bool> {
        Box::pin(async move {
            let more = self.writer.write(lists::PIECE, lists::sweep).await?;
            if !more {
                // Emptying the log takes longer than a piece does, so all of them share it.
                self.writer.write(Load::erasing(1), |_| Ok(())).await?;
            }
            Ok(more)
        })
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
