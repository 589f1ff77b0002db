//! Dictionaries by id or name, and all that is in one.

use chatroom_client::{CallError, Dictionaries};
use chatroom_wire::{
    DictionaryId, SafeText,
    dictionary::{Dictionary, Pattern},
    rest::PAGE_MAX,
};

use super::{Desk, called, failed};
use crate::{
    args::GlobalArgs,
    cells,
    commands::resolve::{ambiguous, resolve},
    failure::Failure,
};

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
pub(super) async fn one(desk: &Desk<'_>, said: &str) -> Result<Dictionary, Failure> {
    let all = all(&desk.dictionaries).await?;
    choose(&all, said, desk.global).cloned()
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

/// The dictionary that is meant, by its id, the beginning of it, or its name.
pub(super) fn choose<'a>(
    all: impl IntoIterator<Item = &'a Dictionary>,
    said: &str,
    global: &GlobalArgs,
) -> Result<&'a Dictionary, Failure> {
    resolve(all, said, |it| Some(it.id.as_str()), |it| vec![it.name.as_str()]).map_err(|found| {
        if found.is_empty() {
            return Failure::Refused {
                problem: format!("there is no dictionary “{}”", SafeText::name(said, "")),
                hint: "`chatroom filter list` lists all dictionaries with their ids",
            };
        }
        let rows: Vec<[String; 2]> =
            found.iter().map(|it| [SafeText::line(it.id.as_str()).into_string(), called(it)]).collect();
        ambiguous(said, "dictionaries", &cells::columns(&rows), global)
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::args::Args;

    #[test]
    fn a_dictionary_is_named_by_a_beginning_of_its_id_or_by_a_name_that_it_alone_has() {
        let dictionary = |id: &str, name: &str| -> Dictionary {
            serde_json::from_value(serde_json::json!({"id": id, "name": name})).unwrap()
        };
        let all = [dictionary("1a", "rude"), dictionary("2", "spam"), dictionary("3", "Spam"), dictionary("4", "2")];
        let global = Args::try_parse_from(["chatroom", "demo"]).unwrap().global;
        let chosen = |said| choose(&all, said, &global).map(|found| found.id.as_str().to_owned());
        assert_eq!(chosen("rude").unwrap(), "1a");
        assert_eq!(chosen("RUDE").unwrap(), "1a");
        assert_eq!(chosen("1").unwrap(), "1a");
        assert_eq!(chosen("spam").unwrap(), "2");
        assert_eq!(chosen("2").unwrap_err().to_string(), "“2” may mean several dictionaries");
        assert_eq!(chosen("SPAM").unwrap_err().to_string(), "“SPAM” may mean several dictionaries");
        assert_eq!(chosen("rud").unwrap_err().to_string(), "there is no dictionary “rud”");
    }
}
