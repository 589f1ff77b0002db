use serde_json::Map;

use super::*;
use crate::store::SqliteStore;

#[tokio::test]
async fn what_is_answered_is_in_force() {
    let (kept, lexicon) = kept().await;
    let d = made(&kept, "d").await;
    kept.add_patterns(&d[0], patterns(&["Spam", "SPAM", "ham"]), now()).await.unwrap();
    assert!(lexicon.matches(&d, "spam") && lexicon.matches(&d, "HAM"));
    kept.replace_patterns(&d[0], patterns(&["eggs"]), now()).await.unwrap();
    assert!(lexicon.matches(&d, "eggs") && !lexicon.matches(&d, "spam"));
    assert!(kept.delete_dictionary(&d[0]).await.unwrap());
    assert!(!lexicon.matches(&d, "eggs"));
}

#[tokio::test]
async fn a_word_stays_in_force_while_another_pattern_folds_to_it() {
    let (kept, lexicon) = kept().await;
    let d = made(&kept, "d").await;
    let added = kept.add_patterns(&d[0], patterns(&["Spam", "SPAM"]), now()).await.unwrap().unwrap();
    assert!(kept.delete_pattern(&d[0], &added[0].id, now()).await.unwrap());
    assert!(lexicon.matches(&d, "spam"));
    let ham = Pattern { text: "ham".to_owned(), ..added[1].clone() };
    assert_eq!(kept.update_pattern(&d[0], ham.clone(), now()).await.unwrap(), Some(ham));
    assert!(lexicon.matches(&d, "ham") && !lexicon.matches(&d, "spam"));
    assert!(kept.delete_pattern(&d[0], &added[1].id, now()).await.unwrap());
    assert!(!lexicon.matches(&d, "ham"));
    assert!(!kept.delete_pattern(&d[0], &added[1].id, now()).await.unwrap());
}

#[tokio::test]
async fn all_that_is_stored_is_in_force_after_a_start_however_much_it_is() {
    let store: Arc<dyn DictionaryStore> = Arc::new(SqliteStore::in_memory().unwrap());
    let first = InForce::load(Arc::clone(&store), Arc::default()).await.unwrap();
    let (d, e) = (made(&first, "d").await, made(&first, "e").await);
    let many: Vec<String> = (0..=PAGE).map(|number| format!("word {number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    first.replace_patterns(&d[0], patterns(&many), now()).await.unwrap();
    first.add_patterns(&e[0], patterns(&["eggs"]), now()).await.unwrap();
    let lexicon = Arc::new(Lexicon::default());
    InForce::load(store, Arc::clone(&lexicon)).await.unwrap();
    assert_eq!(lexicon.len(&d[0]), many.len());
    assert!(lexicon.matches(&d, &format!("WORD {PAGE}")) && lexicon.matches(&e, "eggs"));
}

#[tokio::test]
async fn a_change_that_nobody_waits_for_is_carried_out_in_both_places() {
    let (kept, lexicon) = kept().await;
    let d = made(&kept, "d").await;
    drop(kept.add_patterns(&d[0], patterns(&["spam"]), now()));
    // The next change has its turn behind that one.
    kept.add_patterns(&d[0], patterns(&["ham"]), now()).await.unwrap();
    assert!(lexicon.matches(&d, "spam") && lexicon.matches(&d, "ham"));
}

#[tokio::test]
async fn changes_at_once_leave_the_store_and_the_lexicon_equal() {
    let (kept, lexicon) = kept().await;
    let d = made(&kept, "d").await;
    let words: Vec<String> = (0..20).map(|number| format!("word {number}")).collect();
    let changes: Vec<_> = words.iter().map(|word| kept.replace_patterns(&d[0], patterns(&[word]), now())).collect();
    for change in changes {
        change.await.unwrap();
    }
    let stored = kept.patterns(&d[0], None, 100).await.unwrap().unwrap();
    assert_eq!((stored.len(), lexicon.len(&d[0])), (1, 1));
    assert!(lexicon.matches(&d, &stored[0].text));
}

#[tokio::test]
async fn nothing_comes_into_force_for_a_dictionary_that_is_not_there() {
    let (kept, lexicon) = kept().await;
    let d = ["gone".into()];
    assert_eq!(kept.add_patterns(&d[0], patterns(&["spam"]), now()).await.unwrap(), None);
    assert_eq!(kept.replace_patterns(&d[0], patterns(&["spam"]), now()).await.unwrap(), None);
    assert!(!kept.delete_dictionary(&d[0]).await.unwrap());
    assert!(!lexicon.matches(&d, "spam"));
}

async fn kept() -> (InForce, Arc<Lexicon>) {
    let lexicon = Arc::new(Lexicon::default());
    let store = Arc::new(SqliteStore::in_memory().unwrap());
    (InForce::load(store, Arc::clone(&lexicon)).await.unwrap(), lexicon)
}

async fn made(kept: &InForce, id: &str) -> [DictionaryId; 1] {
    let new = NewDictionary { id: id.into(), name: id.to_owned(), description: String::new(), at: now() };
    [kept.create_dictionary(new).await.unwrap().id]
}

fn patterns(texts: &[&str]) -> Vec<Pattern> {
    let pattern = |text: &&str| Pattern { id: format!("p:{text}").into(), text: (*text).to_owned(), extra: Map::new() };
    texts.iter().map(pattern).collect()
}

fn now() -> Timestamp {
    "2026-01-02T03:04:05Z".parse().unwrap()
}
