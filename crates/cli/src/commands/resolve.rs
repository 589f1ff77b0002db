//! What a user means by what was typed: an id, a name, or the beginning of an id. The one place that decides it.

use chatroom_server::filter::perceived;
use chatroom_wire::SafeText;

use crate::{args::GlobalArgs, diagnostics, failure::Failure};

/// So many candidates are listed at most.
const CANDIDATES: usize = 20;

/// The one item that is meant: an id or a name as it is goes before a name that reads the same, and that before an id's
/// beginning. Names are never matched by their beginnings.
///
/// # Errors
/// With the items that may be meant, where that is none or several.
pub(super) fn resolve<'a, T>(
    items: impl IntoIterator<Item = &'a T>,
    said: &str,
    id: impl Fn(&T) -> Option<&str>,
    names: impl Fn(&T) -> Vec<&str>,
) -> Result<&'a T, Vec<&'a T>> {
    let items: Vec<&T> = items.into_iter().collect();
    let read = perceived(said);
    let rules: [&dyn Fn(&T) -> bool; 3] = [
        &|item| id(item) == Some(said) || names(item).contains(&said),
        &|item| !read.is_empty() && names(item).iter().any(|name| perceived(name) == read),
        &|item| !said.is_empty() && id(item).is_some_and(|id| id.starts_with(said)),
    ];
    for rule in rules {
        let found: Vec<&T> = items.iter().copied().filter(|item| rule(item)).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Ok(one),
            _ => return Err(found),
        }
    }
    Err(Vec::new())
}

/// That several `things` may be meant; the candidates, a line each, are told before.
pub(super) fn ambiguous(said: &str, things: &str, candidates: &[String], global: &GlobalArgs) -> Failure {
    for candidate in candidates.iter().take(CANDIDATES) {
        diagnostics::detail(candidate, global.color);
    }
    if let Some(more) = candidates.len().checked_sub(CANDIDATES).filter(|more| *more > 0) {
        diagnostics::detail(&format!("and {more} more"), global.color);
    }
    Failure::Refused {
        problem: format!("“{}” may mean several {things}", SafeText::name(said, "")),
        hint: "name one by its id, or by more of its beginning",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_may_be_shortened_and_names_may_not() {
        let items = [
            ("0197-aaaa", "Ann"),
            ("0197-abbb", "Ben"),
            ("0198-cccc", "Anna"),
            ("Ben", "Somebody"),
            ("9", "ann"),
            ("10", "Ｚoe"),
        ];
        let resolved = |said: &str| -> Result<usize, usize> {
            let found = resolve(&items, said, |item| Some(item.0), |item| vec![item.1]);
            found.map(|found| items.iter().position(|item| item == found).unwrap()).map_err(|several| several.len())
        };
        for (said, found) in [
            ("0197-aaaa", Ok(0)),
            ("0197-aa", Ok(0)),
            ("0197-a", Err(2)),
            ("0198", Ok(2)),
            ("Ann", Ok(0)),
            ("ann", Ok(4)),
            ("ANN", Err(2)),
            ("Anna", Ok(2)),
            ("An", Err(0)),
            ("Ben", Err(2)),
            (" zoe ", Ok(5)),
            ("", Err(0)),
            ("nobody", Err(0)),
        ] {
            assert_eq!(resolved(said), found, "{said}");
        }
    }
}
