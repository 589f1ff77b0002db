//! The dictionaries in the store, each change in force before it is answered.

use std::{panic::resume_unwind, sync::Arc};

use chatroom_wire::{
    DictionaryId, PatternId,
    dictionary::{Dictionary, Pattern},
};
use jiff::Timestamp;
use tokio::{sync::Mutex, task::spawn_blocking};

use super::Lexicon;
use crate::store::{DictionaryStore, NewDictionary, PatternList, StoreError, StoreFuture, dictionaries::pieces};

/// How many things are read at once.
const PAGE: u16 = 10_000;

/// A store of dictionaries that keeps a [`Lexicon`] equal to it: what is answered is durable and in force.
///
/// # Cancel safety
/// A write goes on when its future is dropped, in the store and in the lexicon alike.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "a store has nothing to show")]
pub struct InForce {
    parts: Arc<Parts>,
}

struct Parts {
    store: Arc<dyn DictionaryStore>,
    lexicon: Arc<Lexicon>,
    /// Held over a change of both, so that they change in the same order.
    turn: Mutex<()>,
}

impl InForce {
    /// Reads all that the store holds into the lexicon.
    ///
    /// # Errors
    /// Those of the store.
    ///
    /// # Cancel safety
    /// Safe: the store is only read.
    pub async fn load(store: Arc<dyn DictionaryStore>, lexicon: Arc<Lexicon>) -> Result<Self, StoreError> {
        let mut last: Option<DictionaryId> = None;
        loop {
            let page = store.dictionaries(last.as_ref(), PAGE).await?;
            for dictionary in &page {
                let patterns = all_patterns(&*store, &dictionary.id).await?.unwrap_or_default();
                put_in_force(&lexicon, &dictionary.id, patterns).await;
            }
            let Some(dictionary) = page.into_iter().next_back() else { break };
            last = Some(dictionary.id);
        }
        let swept = Arc::clone(&store);
        tokio::spawn(async move { sweep(&*swept).await });
        Ok(Self { parts: Arc::new(Parts { store, lexicon, turn: Mutex::new(()) }) })
    }

    /// Carries a change out in its turn, also when nobody waits for it any more.
    fn change<T, F>(&self, change: impl FnOnce(Arc<Parts>) -> F + Send + 'static) -> StoreFuture<'_, T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, StoreError>> + Send + 'static,
    {
        let parts = Arc::clone(&self.parts);
        let changing = tokio::spawn(async move {
            let _turn = parts.turn.lock().await;
            change(Arc::clone(&parts)).await
        });
        Box::pin(async move {
            match changing.await {
                Ok(answer) => answer,
                Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
                Err(error) => Err(StoreError::Unavailable(Arc::new(error))),
            }
        })
    }
}

impl DictionaryStore for InForce {
    fn create_dictionary(&self, new: NewDictionary) -> StoreFuture<'_, Dictionary> {
        self.change(async move |parts| {
            let dictionary = parts.store.create_dictionary(new).await?;
            parts.lexicon.add::<&str>(&dictionary.id, []);
            Ok(dictionary)
        })
    }

    fn update_dictionary(&self, new: NewDictionary) -> StoreFuture<'_, Option<Dictionary>> {
        self.change(async move |parts| parts.store.update_dictionary(new).await)
    }

    fn delete_dictionary(&self, id: &DictionaryId) -> StoreFuture<'_, bool> {
        let id = id.clone();
        self.change(async move |parts| {
            let was_there = parts.store.delete_dictionary(&id).await?;
            parts.lexicon.remove(&id);
            tokio::spawn(async move { sweep(&*parts.store).await });
            Ok(was_there)
        })
    }

    fn dictionary(&self, id: &DictionaryId) -> StoreFuture<'_, Option<Dictionary>> {
        self.parts.store.dictionary(id)
    }

    fn dictionaries(&self, after: Option<&DictionaryId>, limit: u16) -> StoreFuture<'_, Vec<Dictionary>> {
        self.parts.store.dictionaries(after, limit)
    }

    fn add_patterns(
        &self,
        id: &DictionaryId,
        patterns: Vec<Pattern>,
        at: Timestamp,
    ) -> StoreFuture<'_, Option<Vec<Pattern>>> {
        let id = id.clone();
        self.change(async move |parts| {
            let added = parts.store.add_patterns(&id, patterns, at).await?;
            if let Some(added) = &added {
                parts.lexicon.add(&id, added.iter().map(|pattern| &pattern.text));
            }
            Ok(added)
        })
    }

    fn stage_patterns(&self, list: &PatternList, piece: Vec<Pattern>) -> StoreFuture<'_, ()> {
        self.parts.store.stage_patterns(list, piece)
    }

    fn put_patterns(&self, id: &DictionaryId, list: &PatternList, at: Timestamp) -> StoreFuture<'_, Option<u64>> {
        let (id, list) = (id.clone(), list.clone());
        self.change(async move |parts| {
            let count = parts.store.put_patterns(&id, &list, at).await?;
            if count.is_some() {
                let patterns = all_patterns(&*parts.store, &id).await?.unwrap_or_default();
                put_in_force(&parts.lexicon, &id, patterns).await;
            }
            Ok(count)
        })
    }

    fn abandon_patterns(&self, list: &PatternList) -> StoreFuture<'_, ()> {
        self.parts.store.abandon_patterns(list)
    }

    fn sweep_patterns(&self) -> StoreFuture<'_, bool> {
        self.parts.store.sweep_patterns()
    }

    /// The pieces are stored outside of any turn; whoever waits for nothing any more gives the rest up.
    fn replace_patterns(
        &self,
        id: &DictionaryId,
        patterns: Vec<Pattern>,
        at: Timestamp,
    ) -> StoreFuture<'_, Option<u64>> {
        let id = id.clone();
        Box::pin(async move {
            let list = Staged { list: PatternList::new(), parts: Arc::clone(&self.parts) };
            for piece in pieces(&patterns) {
                self.stage_patterns(&list.list, piece.to_vec()).await?;
            }
            drop(patterns);
            self.put_patterns(&id, &list.list, at).await
        })
    }

    fn update_pattern(&self, id: &DictionaryId, pattern: Pattern, at: Timestamp) -> StoreFuture<'_, Option<Pattern>> {
        let id = id.clone();
        self.change(async move |parts| {
            let Some(mut patterns) = others(&*parts.store, &id, &pattern.id).await? else { return Ok(None) };
            let updated = parts.store.update_pattern(&id, pattern, at).await?;
            if let Some(updated) = &updated {
                patterns.push(updated.clone());
                put_in_force(&parts.lexicon, &id, patterns).await;
            }
            Ok(updated)
        })
    }

    fn delete_pattern(&self, id: &DictionaryId, pattern: &PatternId, at: Timestamp) -> StoreFuture<'_, bool> {
        let (id, pattern) = (id.clone(), pattern.clone());
        self.change(async move |parts| {
            let Some(others) = others(&*parts.store, &id, &pattern).await? else { return Ok(false) };
            let was_there = parts.store.delete_pattern(&id, &pattern, at).await?;
            if was_there {
                put_in_force(&parts.lexicon, &id, others).await;
            }
            Ok(was_there)
        })
    }

    fn patterns(
        &self,
        id: &DictionaryId,
        after: Option<&PatternId>,
        limit: u32,
    ) -> StoreFuture<'_, Option<Vec<Pattern>>> {
        self.parts.store.patterns(id, after, limit)
    }
}

/// A list in the making; dropped, it is given up, and what is left of old ones is swept away.
struct Staged {
    list: PatternList,
    parts: Arc<Parts>,
}

impl Drop for Staged {
    fn drop(&mut self) {
        let (list, parts) = (self.list.clone(), Arc::clone(&self.parts));
        tokio::spawn(async move {
            // One that is in its place is none in the making any more. What fails here is done after the next start.
            let _ = parts.store.abandon_patterns(&list).await;
            sweep(&*parts.store).await;
        });
    }
}

/// Removes what nobody sees any more, piece by piece.
async fn sweep(store: &dyn DictionaryStore) {
    while let Ok(true) = store.sweep_patterns().await {}
}

/// Folding many patterns takes a while, so it is done where that holds nobody up.
async fn put_in_force(lexicon: &Arc<Lexicon>, id: &DictionaryId, patterns: Vec<Pattern>) {
    let (lexicon, id) = (Arc::clone(lexicon), id.clone());
    let put = spawn_blocking(move || lexicon.set(&id, patterns.iter().map(|pattern| &pattern.text))).await;
    if let Err(error) = put
        && error.is_panic()
    {
        resume_unwind(error.into_panic());
    }
}

/// All patterns of a dictionary but one. A word goes out of force only if no other pattern folds to it, so whatever takes
/// one away begins with the rest; read before the change, so that a failure leaves all as it was.
async fn others(
    store: &dyn DictionaryStore,
    id: &DictionaryId,
    but: &PatternId,
) -> Result<Option<Vec<Pattern>>, StoreError> {
    let mut patterns = all_patterns(store, id).await?;
    if let Some(patterns) = &mut patterns {
        patterns.retain(|pattern| pattern.id != *but);
    }
    Ok(patterns)
}

async fn all_patterns(store: &dyn DictionaryStore, id: &DictionaryId) -> Result<Option<Vec<Pattern>>, StoreError> {
    let mut all: Vec<Pattern> = Vec::new();
    loop {
        let last = all.last().map(|pattern| pattern.id.clone());
        let Some(page) = store.patterns(id, last.as_ref(), u32::from(PAGE)).await? else { return Ok(None) };
        if page.is_empty() {
            return Ok(Some(all));
        }
        all.extend(page);
    }
}

#[cfg(test)]
mod tests;
