//! The words of the filter.

use chatroom_wire::{DictionaryId, PatternId, dictionary::Pattern};
use serde_json::Map;

use super::*;
use crate::store::NewDictionary;

pub(crate) async fn dictionaries_live_and_are_paged_the_oldest_first(bed: &impl Bed) {
    let store = bed.open().await;
    for number in [3, 1, 2] {
        make_dictionary(&store, &format!("d{number}")).await;
    }
    let page = store.dictionaries(None, 2).await.unwrap();
    assert_eq!(ids(&page), ["d3", "d1"]);
    assert_eq!(ids(&store.dictionaries(Some(&"d1".into()), 2).await.unwrap()), ["d2"]);
    let new = NewDictionary { id: "d1".into(), name: "rude".to_owned(), description: "words".to_owned(), at: at(9) };
    let changed = store.update_dictionary(new.clone()).await.unwrap().unwrap();
    assert_eq!((changed.name.as_str(), changed.description.as_str()), ("rude", "words"));
    assert_eq!(changed.updated_at, Some(Time::nanoseconds(at(9))));
    assert_eq!(store.dictionary(&"d1".into()).await.unwrap(), Some(changed));
    let nowhere = NewDictionary { id: "nowhere".into(), ..new };
    assert_eq!(store.update_dictionary(nowhere).await.unwrap(), None);
    assert!(store.delete_dictionary(&"d1".into()).await.unwrap());
    assert!(!store.delete_dictionary(&"d1".into()).await.unwrap());
    assert_eq!(store.dictionary(&"d1".into()).await.unwrap(), None);
    assert_eq!(store.patterns(&"d1".into(), None, 10).await.unwrap(), None);
}

pub(crate) async fn a_pattern_is_there_once_and_keeps_its_id(bed: &impl Bed) {
    let store = bed.open().await;
    make_dictionary(&store, "d").await;
    let d = DictionaryId::from("d");
    let added = store.add_patterns(&d, patterns(["one", "two", "one"]), at(1)).await.unwrap().unwrap();
    assert_eq!(texts(&added), ["one", "two"]);
    let more = vec![pattern("other", "two"), pattern("new", "three")];
    let again = store.add_patterns(&d, more, at(2)).await.unwrap().unwrap();
    assert_eq!((texts(&again), again[0].id.clone()), (vec!["two", "three"], added[1].id.clone()));
    assert_eq!(store.dictionary(&d).await.unwrap().unwrap().pattern_count, 3);
    let one = added[0].id.clone();
    let taken = Pattern { id: one.clone(), ..pattern("", "two") };
    assert_eq!(store.update_pattern(&d, taken, at(3)).await.unwrap(), None);
    let free = Pattern { id: one.clone(), ..pattern("", "uno") };
    assert_eq!(store.update_pattern(&d, free.clone(), at(3)).await.unwrap(), Some(free));
    assert!(store.delete_pattern(&d, &one, at(4)).await.unwrap());
    assert!(!store.delete_pattern(&d, &one, at(4)).await.unwrap());
    let left = store.patterns(&d, None, 10).await.unwrap().unwrap();
    assert_eq!(texts(&left), ["two", "three"]);
    assert_eq!(store.add_patterns(&"nowhere".into(), patterns(["x"]), at(5)).await.unwrap(), None);
}

pub(crate) async fn a_dictionary_made_again_stays_as_it_was(bed: &impl Bed) {
    let store = bed.open().await;
    let new = NewDictionary { id: "d".into(), name: "rude".to_owned(), description: String::new(), at: at(1) };
    let made = store.create_dictionary(new.clone()).await.unwrap();
    assert_eq!((made.pattern_count, made.created_at), (0, Some(Time::nanoseconds(at(1)))));
    let again = NewDictionary { name: "other".to_owned(), at: at(2), ..new };
    assert_eq!(store.create_dictionary(again).await.unwrap(), made);
}

pub(crate) async fn a_text_whose_id_is_taken_is_not_added(bed: &impl Bed) {
    let store = bed.open().await;
    make_dictionary(&store, "d").await;
    let d = DictionaryId::from("d");
    store.add_patterns(&d, vec![pattern("p", "one")], at(1)).await.unwrap();
    let same = vec![pattern("p", "two"), pattern("q", "three")];
    let there = store.add_patterns(&d, same.clone(), at(2)).await.unwrap().unwrap();
    assert_eq!(texts(&there), ["three"]);
    assert_eq!(store.replace_patterns(&d, [same.clone(), same].concat(), at(3)).await.unwrap(), Some(2));
    assert_eq!(store.dictionary(&d).await.unwrap().unwrap().pattern_count, 2);
}

pub(crate) async fn dictionaries_do_not_share_their_patterns(bed: &impl Bed) {
    let store = bed.open().await;
    let (one, two) = (DictionaryId::from("one"), DictionaryId::from("two"));
    for id in [&one, &two] {
        make_dictionary(&store, id.as_str()).await;
        store.add_patterns(id, patterns(["a", "b"]), at(1)).await.unwrap();
    }
    store.replace_patterns(&one, patterns(["c"]), at(2)).await.unwrap();
    assert!(store.delete_pattern(&two, &"p0".into(), at(2)).await.unwrap());
    assert_eq!(texts(&store.patterns(&one, None, 9).await.unwrap().unwrap()), ["c"]);
    assert_eq!(texts(&store.patterns(&two, None, 9).await.unwrap().unwrap()), ["b"]);
    let counts = [&one, &two].map(|id| store.dictionary(id));
    for count in counts {
        assert_eq!(count.await.unwrap().unwrap().pattern_count, 1);
    }
}

pub(crate) async fn all_patterns_are_replaced_at_once(bed: &impl Bed) {
    let store = bed.open().await;
    make_dictionary(&store, "d").await;
    let d = DictionaryId::from("d");
    store.add_patterns(&d, patterns(["one", "two"]), at(1)).await.unwrap();
    assert_eq!(store.replace_patterns(&d, patterns(["a", "b", "a", "two"]), at(2)).await.unwrap(), Some(3));
    assert_eq!(texts(&store.patterns(&d, None, 10).await.unwrap().unwrap()), ["a", "b", "two"]);
    assert_eq!(store.dictionary(&d).await.unwrap().unwrap().pattern_count, 3);
    assert_eq!(store.replace_patterns(&"nowhere".into(), Vec::new(), at(2)).await.unwrap(), None);
}

pub(crate) async fn ten_thousand_patterns_are_paged_through(bed: &impl Bed) {
    let store = bed.open().await;
    make_dictionary(&store, "d").await;
    let d = DictionaryId::from("d");
    let words: Vec<String> = (0..10_000).map(|number| format!("word {number}")).collect();
    store.add_patterns(&d, patterns(words.iter().map(String::as_str)), at(1)).await.unwrap();
    let mut seen = Vec::new();
    let mut last: Option<PatternId> = None;
    loop {
        let page = store.patterns(&d, last.as_ref(), 999).await.unwrap().unwrap();
        let Some(end) = page.last() else { break };
        last = Some(end.id.clone());
        seen.extend(page.into_iter().map(|pattern| pattern.text));
    }
    assert_eq!(seen, words);
}

pub(crate) async fn a_dictionary_that_goes_leaves_every_room(bed: &impl Bed) {
    let store = bed.open().await;
    let room = make_room(&store, "r").await;
    make_dictionary(&store, "d").await;
    store.change(&room, vec![Change::Dictionary("d".into(), true)], at(1)).await.unwrap();
    store.delete_dictionary(&"d".into()).await.unwrap();
    assert!(read(&store, &room).await.dictionaries.is_empty());
}

fn patterns<'a>(texts: impl IntoIterator<Item = &'a str>) -> Vec<Pattern> {
    let number = |(number, text): (usize, &str)| pattern(&format!("p{number}"), text);
    texts.into_iter().enumerate().map(number).collect()
}

fn pattern(id: &str, text: &str) -> Pattern {
    Pattern { id: PatternId::from(id), text: text.to_owned(), extra: Map::new() }
}

fn texts(patterns: &[Pattern]) -> Vec<&str> {
    patterns.iter().map(|pattern| pattern.text.as_str()).collect()
}

fn ids(dictionaries: &[chatroom_wire::dictionary::Dictionary]) -> Vec<&str> {
    dictionaries.iter().map(|dictionary| dictionary.id.as_str()).collect()
}
