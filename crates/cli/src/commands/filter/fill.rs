//! Adds, replaces and removes words.

use std::{collections::BTreeSet, path::Path};

use chatroom_wire::SafeText;

use super::{Desk, called, count, failed, find, words};
use crate::{
    args::filter::{AddArgs, ImportArgs, RemoveArgs},
    commands::{confirm::confirm, moderate::patience::patiently, print_lines, tail::start_printer},
    failure::Failure,
    output::{Line, json_line},
    words::thousands,
};

pub(super) async fn add(desk: &Desk<'_>, args: AddArgs) -> Result<(), Failure> {
    let mut all: Vec<String> =
        args.words.iter().map(|word| word.trim().to_owned()).filter(|word| !word.is_empty()).collect();
    if let Some(file) = &args.file {
        all.extend(of_file(file)?);
    }
    if all.is_empty() {
        return Err(nothing());
    }
    let dictionary = find::one(&desk.dictionaries, &args.dictionary.dictionary).await?;
    let printer = start_printer()?;
    let (mut added, mut failure) = (0, None);
    for batch in words::batches(&all) {
        match patiently(desk.global.color, async || desk.dictionaries.add_patterns(&dictionary.id, batch).await).await {
            Ok(patterns) => {
                added += batch.len();
                printer.offer(Line::Progress(format!("{added}/{} words", all.len())));
                let lines = if desk.json { patterns } else { Vec::new() };
                for pattern in &lines {
                    // Who reads no more has seen enough; the words are added all the same.
                    let _ = printer.print(Line::Data(json_line(pattern))).await;
                }
            }
            Err(error) => {
                failure = Some(failed("the words can't be added")(error));
                break;
            }
        }
    }
    printer.finish().await.map_err(Failure::Output)?;
    if failure.is_none() || added > 0 {
        let of = if failure.is_some() {
            format!(" of {}", thousands(u64::try_from(all.len()).unwrap_or(u64::MAX)))
        } else {
            String::new()
        };
        desk.note(&format!("added {}{of} to the dictionary {}", count(added), called(&dictionary)));
    }
    failure.map_or(Ok(()), Err)
}

pub(super) async fn import(desk: &Desk<'_>, args: ImportArgs) -> Result<(), Failure> {
    let all = of_file(&args.file)?;
    if all.is_empty() {
        return Err(nothing());
    }
    let dictionary = find::one(&desk.dictionaries, &args.dictionary.dictionary).await?;
    let name = called(&dictionary);
    let before = count(usize::try_from(dictionary.pattern_count).unwrap_or_default());
    let question = format!("replace {before} of the dictionary {name} by {}?", count(all.len()));
    if !confirm(&question, args.sure.yes)? {
        desk.note("nothing was replaced");
        return Ok(());
    }
    let answer = desk
        .dictionaries
        .upload(&dictionary.id, all.join("\n"))
        .await
        .map_err(failed("the words can't be replaced"))?;
    let now = count(usize::try_from(answer.pattern_count).unwrap_or_default());
    desk.note(&format!("the dictionary {name} holds {now} now, and nothing else"));
    if desk.json { print_lines([json_line(&answer)]).await } else { Ok(()) }
}

pub(super) async fn remove(desk: &Desk<'_>, args: RemoveArgs) -> Result<(), Failure> {
    let dictionary = find::one(&desk.dictionaries, &args.dictionary.dictionary).await?;
    let patterns = find::patterns(&desk.dictionaries, &dictionary.id).await?;
    let fold = |text: &str| text.trim().to_lowercase();
    let wanted: BTreeSet<String> = args.words.iter().map(|word| fold(word)).collect();
    let found: Vec<_> = patterns.into_iter().filter(|pattern| wanted.contains(&fold(&pattern.text))).collect();
    let there: BTreeSet<String> = found.iter().map(|pattern| fold(&pattern.text)).collect();
    if let Some(missing) = wanted.difference(&there).next() {
        return Err(Failure::Refused {
            problem: format!("the dictionary {} has no word “{}”", called(&dictionary), SafeText::name(missing, "")),
            hint: "nothing was removed; `chatroom filter show DICT` lists the words",
        });
    }
    for pattern in &found {
        let removed =
            patiently(desk.global.color, async || desk.dictionaries.delete_pattern(&dictionary.id, &pattern.id).await)
                .await;
        removed.map_err(failed("the word can't be removed"))?;
    }
    desk.note(&format!("removed {} from the dictionary {}", count(found.len()), called(&dictionary)));
    if desk.json { print_lines(found.iter().map(json_line)).await } else { Ok(()) }
}

fn of_file(path: &Path) -> Result<Vec<String>, Failure> {
    words::of_file(path).map_err(|error| Failure::Refused {
        problem: format!("the words in {} can't be read: {error}", path.display()),
        hint: "a list of words is a file of UTF-8 with one word on each line; `-` is stdin",
    })
}

fn nothing() -> Failure {
    Failure::Usage { problem: "there are no words", hint: "give words as arguments, or a file with one on each line" }
}
