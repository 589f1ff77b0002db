//! Adds, replaces and removes words.

use std::{
    collections::{BTreeSet, HashSet},
    path::Path,
};

use chatroom_wire::{SafeText, safe_text};

use super::{Desk, called, count, failed, find, words};
use crate::{
    args::filter::{AddArgs, ImportArgs, RemoveArgs},
    commands::{
        confirm::{Reversal, confirm},
        moderate::patience::patiently,
        print_lines,
        tail::start_printer,
    },
    failure::Failure,
    output::{Line, json_line},
    words::thousands,
};

pub(super) async fn add(desk: &Desk<'_>, args: AddArgs) -> Result<(), Failure> {
    let mut all: Vec<String> =
        args.words.iter().map(|word| word.trim().to_owned()).filter(|word| !safe_text::is_blank(word)).collect();
    if let Some(file) = &args.file {
        all.extend(of_file(file)?);
    }
    let mut seen = HashSet::new();
    all.retain(|word| seen.insert(word.clone()));
    if all.is_empty() {
        return Err(nothing());
    }
    let dictionary = find::one(desk, &args.dictionary.dictionary).await?;
    let printer = start_printer()?;
    let (mut sent, mut failure) = (0, None);
    for batch in words::batches(&all) {
        match patiently(desk.global.color, async || desk.dictionaries.add_patterns(&dictionary.id, batch).await).await {
            Ok(patterns) => {
                sent += batch.len();
                printer.offer(Line::Progress(format!("{sent}/{} words", all.len())));
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
    if failure.is_none() || sent > 0 {
        // What was there before is answered like what is new: how many there are says how many came.
        let after = desk.dictionaries.get(&dictionary.id).await.map_err(failed("the words can't be counted"))?;
        let new = usize::try_from(after.pattern_count.saturating_sub(dictionary.pattern_count)).unwrap_or(0).min(sent);
        desk.note(&added(new, sent, all.len(), &called(&dictionary)));
    }
    failure.map_or(Ok(()), Err)
}

pub(super) async fn import(desk: &Desk<'_>, args: ImportArgs) -> Result<(), Failure> {
    let all = of_file(&args.file)?;
    if all.is_empty() {
        return Err(nothing());
    }
    let dictionary = find::one(desk, &args.dictionary.dictionary).await?;
    let name = called(&dictionary);
    let before = count(usize::try_from(dictionary.pattern_count).unwrap_or_default());
    let question = format!("replace {before} of the dictionary {name} by {}?", count(all.len()));
    if !confirm(&question, Reversal::Impossible, args.sure.yes)? {
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
    let dictionary = find::one(desk, &args.dictionary.dictionary).await?;
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

/// What became of words: so many of those that were sent were new.
fn added(new: usize, sent: usize, all: usize, name: &str) -> String {
    let of =
        if sent < all { format!(" of {}", thousands(u64::try_from(all).unwrap_or(u64::MAX))) } else { String::new() };
    match sent - new.min(sent) {
        0 => format!("added {}{of} to the dictionary {name}", count(new)),
        known if new == 0 => format!("added nothing: the dictionary {name} has {} already", these(known)),
        known => format!("added {}{of} to the dictionary {name}, which has {} already", count(new), others(known)),
    }
}

fn these(words: usize) -> String {
    if words == 1 { "this word".to_owned() } else { format!("these {}", count(words)) }
}

fn others(words: usize) -> String {
    if words == 1 { "the other word".to_owned() } else { format!("the other {}", count(words)) }
}

fn of_file(path: &Path) -> Result<Vec<String>, Failure> {
    words::of_file(path).map_err(|source| Failure::WordsFile { path: path.to_owned(), source })
}

fn nothing() -> Failure {
    Failure::Usage { problem: "there are no words", hint: "give words as arguments, or a file with one on each line" }
}

#[cfg(test)]
mod tests {
    use super::added;

    #[test]
    fn only_new_words_are_told_as_added() {
        assert_eq!(added(2, 2, 2, "rude"), "added 2 words to the dictionary rude");
        assert_eq!(added(1, 3, 3, "rude"), "added 1 word to the dictionary rude, which has the other 2 words already");
        assert_eq!(added(0, 1, 1, "rude"), "added nothing: the dictionary rude has this word already");
        assert_eq!(added(1000, 1000, 2000, "rude"), "added 1,000 words of 2,000 to the dictionary rude");
    }
}
