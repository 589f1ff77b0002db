//! Dictionaries by id or name, and all that is in one.

use chatroom_client::{CallError, Dictionaries};
use chatroom_wire::{
    DictionaryId, SafeText,
    dictionary::{Dictionary, Pattern},
    rest::PAGE_MAX,
};

use super::failed;
use crate::failure::Failure;

/// So many pages are read at most: a service that always has another one must come to an end.
const PAGES: usize = 100_000;

/// Every dictionary, the oldest first.
pub(super) async fn all(dictionaries: &Dictionaries) -> Result<Vec<Dictionary>, Failure> {
    let read = async |page: Option<String>| {
        let page = dictionaries.list(page.as_deref(), Some(PAGE_MAX)).await?;
        Ok((page.dictionaries, page.next_page_token))
    };
    pages(read).await.map_err(failed("the dictionaries can't be read"))
}

/// The dictionary of this id, or of this name.
pub(super) async fn one(dictionaries: &Dictionaries, said: &str) -> Result<Dictionary, Failure> {
    let all = all(dictionaries).await?;
    choose(&all, said).cloned()
}

/// Every pattern of a dictionary.
pub(super) async fn patterns(dictionaries: &Dictionaries, id: &DictionaryId) -> Result<Vec<Pattern>, Failure> {
    let read = async |page: Option<String>| {
        let page = dictionaries.patterns(id, page.as_deref(), Some(PAGE_MAX)).await?;
        Ok((page.patterns, page.next_page_token))
    };
    pages(read).await.map_err(failed("the words can't be read"))
}

/// Turns the pages to the last.
pub(super) async fn pages<T>(
    read: impl AsyncFn(Option<String>) -> Result<(Vec<T>, String), CallError>,
) -> Result<Vec<T>, CallError> {
    let mut all = Vec::new();
    let mut next = None;
    for _ in 0..PAGES {
        let (found, token) = read(next).await?;
        all.extend(found);
        if token.is_empty() {
            break;
        }
        next = Some(token);
    }
    Ok(all)
}

/// The dictionary that is meant: an id goes before a name, and a name must be one's alone.
pub(super) fn choose<'a>(
    all: impl IntoIterator<Item = &'a Dictionary> + Clone,
    said: &str,
) -> Result<&'a Dictionary, Failure> {
    if let Some(found) = all.clone().into_iter().find(|dictionary| dictionary.id.as_str() == said) {
        return Ok(found);
    }
    let mut named = all.into_iter().filter(|dictionary| dictionary.name == said);
    let said = SafeText::name(said, "");
    match (named.next(), named.next()) {
        (Some(found), None) => Ok(found),
        (None, _) => Err(Failure::Refused {
            problem: format!("there is no dictionary “{said}”"),
            hint: "`chatroom filter list` lists all dictionaries with their ids",
        }),
        (Some(first), Some(second)) => {
            let ids: Vec<&str> = [first, second].into_iter().chain(named).map(|found| found.id.as_str()).collect();
            Err(Failure::Refused {
                problem: format!("several dictionaries are called “{said}”: {}", ids.join(", ")),
                hint: "name one by its id",
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dictionary_is_named_by_its_id_or_by_a_name_that_it_alone_has() {
        let dictionary = |id: &str, name: &str| -> Dictionary {
            serde_json::from_value(serde_json::json!({"id": id, "name": name})).unwrap()
        };
        let all = [dictionary("1", "rude"), dictionary("2", "spam"), dictionary("3", "spam"), dictionary("4", "1")];
        let chosen = |said| choose(&all, said).map(|found| found.id.as_str().to_owned());
        assert_eq!(chosen("rude").unwrap(), "1");
        assert_eq!(chosen("3").unwrap(), "3");
        assert_eq!(chosen("1").unwrap(), "1", "an id goes before a name");
        assert_eq!(chosen("spam").unwrap_err().to_string(), "several dictionaries are called “spam”: 2, 3");
        assert_eq!(chosen("Rude").unwrap_err().to_string(), "there is no dictionary “Rude”");
    }
}
