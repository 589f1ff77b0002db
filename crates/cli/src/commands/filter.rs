//! `chatroom filter`: dictionaries of words, and which of them a room uses.
//!
//! - [`words`]: words of files; [`fill`]: adds, replaces and removes them
//! - [`find`]: dictionaries by id or name; [`in_room`]: which the room uses

mod fill;
mod find;
mod in_room;
mod words;

use chatroom_client::{CallError, Dictionaries};
use chatroom_server::filter::perceived;
use chatroom_wire::{SafeText, Token, dictionary::Dictionary, rest::WriteDictionary};
use serde_json::json;

use super::{
    confirm::{Reversal, confirm},
    print_lines, setup, visitor, warn,
};
use crate::{
    access::{place::Place, secret::secret_of},
    args::{
        GlobalArgs,
        filter::{CreateArgs, DeleteArgs, DictionaryArgs, FilterArgs, FilterCommand},
    },
    cells, diagnostics,
    environment::Environment,
    failure::Failure,
    output::json_line,
    words::thousands,
};

pub(super) async fn run(args: FilterArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let (json, token) = (args.json, args.dictionary_token_file.is_some());
    match args.command {
        FilterCommand::Enable(_) | FilterCommand::Disable(_) | FilterCommand::Status if token => {
            return Err(Failure::Usage {
                problem: "a token for dictionaries names no room",
                hint: "which dictionaries a room uses is said with an admin's chat token (--token-file)",
            });
        }
        FilterCommand::Enable(which) => return in_room::switch(&args.visitor, which, true, json, global).await,
        FilterCommand::Disable(which) => return in_room::switch(&args.visitor, which, false, json, global).await,
        FilterCommand::Status => return in_room::status(&args.visitor, json, global).await,
        _ => {}
    }
    let of_environment = || Environment::of_process().path("CHATROOM_DICTIONARY_TOKEN_FILE");
    let dictionaries = match args.dictionary_token_file.or_else(of_environment) {
        Some(path) => {
            let (profile, environment) = setup(global)?;
            let mut warnings = Vec::new();
            let token = Token::new(secret_of(&path, &mut warnings)?);
            let service = &args.visitor.service;
            let place = Place::resolve(service, &profile, &environment, Some(&token), &mut warnings)?;
            warn(&warnings, global);
            let rest = place.rest().map_err(Failure::Build)?;
            Dictionaries::new(&rest, token)
        }
        None => Dictionaries::from(visitor(&args.visitor, global)?),
    };
    let desk = Desk { dictionaries, json, global };
    match args.command {
        FilterCommand::List => list(&desk).await,
        FilterCommand::Create(create) => make(&desk, create).await,
        FilterCommand::Show(which) => show(&desk, which).await,
        FilterCommand::Add(add) => fill::add(&desk, add).await,
        FilterCommand::Import(import) => fill::import(&desk, import).await,
        FilterCommand::Remove(remove) => fill::remove(&desk, remove).await,
        FilterCommand::Delete(delete) => remove(&desk, delete).await,
        FilterCommand::Enable(_) | FilterCommand::Disable(_) | FilterCommand::Status => Ok(()),
    }
}

/// Who calls the service, and how it is told.
struct Desk<'a> {
    dictionaries: Dictionaries,
    json: bool,
    global: &'a GlobalArgs,
}

impl Desk<'_> {
    fn note(&self, text: &str) {
        diagnostics::note(text, self.global.color);
    }
}

async fn list(desk: &Desk<'_>) -> Result<(), Failure> {
    let all = find::all(&desk.dictionaries).await?;
    if desk.json {
        return print_lines(all.iter().map(json_line)).await;
    }
    if all.is_empty() {
        desk.note("there are no dictionaries; `chatroom filter create NAME` makes one");
    }
    print_lines(table(&all)).await
}

async fn make(desk: &Desk<'_>, args: CreateArgs) -> Result<(), Failure> {
    let name = perceived(&args.called);
    if let Some(other) = find::all(&desk.dictionaries).await?.iter().find(|other| perceived(&other.name) == name) {
        return Err(Failure::Refused {
            problem: format!("there is a dictionary {} already", called(other)),
            hint: "take another name, or add words to that one: chatroom filter add DICT WORD",
        });
    }
    let wanted = WriteDictionary { name: args.called, description: args.description };
    let made = desk.dictionaries.create(&wanted).await.map_err(failed("the dictionary can't be made"))?;
    if desk.json {
        return print_lines([json_line(&made)]).await;
    }
    let name = SafeText::name(&made.name, "dictionary");
    desk.note(&format!("made the dictionary {name}; no room uses it before: chatroom filter enable DICT"));
    print_lines([SafeText::line(made.id.as_str()).into_string()]).await
}

async fn show(desk: &Desk<'_>, args: DictionaryArgs) -> Result<(), Failure> {
    let dictionary = find::one(desk, &args.dictionary).await?;
    let patterns = find::patterns(&desk.dictionaries, &dictionary.id).await?;
    if desk.json {
        return print_lines(patterns.iter().map(json_line)).await;
    }
    desk.note(&format!("{}: {}", called(&dictionary), count(patterns.len())));
    print_lines(patterns.iter().map(|pattern| SafeText::line(&pattern.text).into_string())).await
}

async fn remove(desk: &Desk<'_>, args: DeleteArgs) -> Result<(), Failure> {
    let dictionary = find::one(desk, &args.dictionary.dictionary).await?;
    let name = called(&dictionary);
    let words = count(usize::try_from(dictionary.pattern_count).unwrap_or_default());
    let question = format!("delete the dictionary {name} with {words}, for every room?");
    if !confirm(&question, Reversal::Impossible, args.sure.yes)? {
        desk.note("nothing was deleted");
        return Ok(());
    }
    desk.dictionaries.delete(&dictionary.id).await.map_err(failed("the dictionary can't be deleted"))?;
    desk.note(&format!("deleted the dictionary {name} with {words}"));
    if desk.json { print_lines([json_line(&json!({"id": dictionary.id}))]).await } else { Ok(()) }
}

fn table(dictionaries: &[Dictionary]) -> Vec<String> {
    let row = |dictionary: &Dictionary| {
        let description = SafeText::line(&dictionary.description).into_string();
        let name = called(dictionary);
        [
            SafeText::line(dictionary.id.as_str()).into_string(),
            count(usize::try_from(dictionary.pattern_count).unwrap_or_default()),
            if description.is_empty() { name } else { format!("{name}: {description}") },
        ]
    };
    cells::columns(&dictionaries.iter().map(row).collect::<Vec<_>>())
}

fn called(dictionary: &Dictionary) -> String {
    SafeText::name(&dictionary.name, dictionary.id.as_str()).into_string()
}

fn count(words: usize) -> String {
    match words {
        1 => "1 word".to_owned(),
        many => format!("{} words", thousands(u64::try_from(many).unwrap_or(u64::MAX))),
    }
}

/// What could not be done, for a call's error.
fn failed(what: &'static str) -> impl Fn(CallError) -> Failure {
    move |source| Failure::Call { what, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dictionaries_stand_in_columns_and_move_no_cursor() {
        let read = |json: &str| -> Dictionary { serde_json::from_str(json).unwrap() };
        let dictionaries = [
            read(r#"{"id":"d-1","name":"rude","description":"for\nall","pattern_count":"10000"}"#),
            read(r#"{"id":"longer-id","name":"","pattern_count":1}"#),
            read(r#"{"id":"d-3","name":"悪い言葉\u001b[2J"}"#),
        ];
        let lines = table(&dictionaries);
        assert!(lines.iter().all(|line| !line.chars().any(char::is_control)), "{lines:?}");
        insta::assert_snapshot!(lines.join("\n"));
    }
}
