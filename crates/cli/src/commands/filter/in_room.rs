//! Which dictionaries a room uses.

use chatroom_client::Visitor;
use chatroom_wire::{
    DictionaryId, SafeText,
    rest::{PAGE_MAX, RoomDictionary},
};

use super::{called, count, failed, find};
use crate::{
    args::{GlobalArgs, access::VisitorArgs, filter::DictionariesArgs},
    cells,
    commands::{print_lines, visitor},
    diagnostics,
    failure::Failure,
    output::json_line,
};

pub(super) async fn status(args: &VisitorArgs, json: bool, global: &GlobalArgs) -> Result<(), Failure> {
    let all = all(&visitor(args, global)?).await?;
    if json {
        return print_lines(all.iter().map(json_line)).await;
    }
    if all.is_empty() {
        diagnostics::note("there are no dictionaries; `chatroom filter create NAME` makes one", global.color);
    }
    print_lines(table(&all)).await
}

pub(super) async fn switch(
    args: &VisitorArgs,
    which: DictionariesArgs,
    enabled: bool,
    json: bool,
    global: &GlobalArgs,
) -> Result<(), Failure> {
    let visitor = visitor(args, global)?;
    let all = all(&visitor).await?;
    let mut ids: Vec<DictionaryId> = Vec::new();
    let mut names = Vec::new();
    for said in &which.dictionaries {
        let found = find::choose(all.iter().map(|found| &found.dictionary), said, global)?;
        if !ids.contains(&found.id) {
            ids.push(found.id.clone());
            names.push(called(found));
        }
    }
    let changes = all.iter().any(|found| ids.contains(&found.dictionary.id) && found.enabled != enabled);
    let found = visitor
        .enable_dictionaries(&ids, enabled)
        .await
        .map_err(failed("which dictionaries the room uses can't be changed"))?;
    let told = match (enabled, changes) {
        (true, true) => "the room uses now",
        (true, false) => "the room uses already",
        (false, true) => "the room uses no more",
        (false, false) => "the room already does not use",
    };
    diagnostics::note(&format!("{told}: {}", names.join(", ")), global.color);
    if json { print_lines(found.iter().map(json_line)).await } else { Ok(()) }
}

async fn all(visitor: &Visitor) -> Result<Vec<RoomDictionary>, Failure> {
    let read = async |page: Option<String>| {
        let page = visitor.dictionaries(page.as_deref(), Some(PAGE_MAX)).await?;
        Ok((page.results, page.next_page_token))
    };
    find::pages(read).await.map_err(failed("the dictionaries can't be read"))
}

fn table(all: &[RoomDictionary]) -> Vec<String> {
    let row = |found: &RoomDictionary| {
        [
            if found.enabled { "in use" } else { "off" }.to_owned(),
            SafeText::line(found.dictionary.id.as_str()).into_string(),
            count(usize::try_from(found.dictionary.pattern_count).unwrap_or_default()),
            called(&found.dictionary),
        ]
    };
    cells::columns(&all.iter().map(row).collect::<Vec<_>>())
}
