//! Makes, changes and deletes polls.

use std::collections::HashSet;

use chatroom_server::filter::perceived;
use chatroom_wire::{
    SafeText,
    poll::{MultiChoice, Poll, PollKind, PollOption},
};
use serde_json::json;

use super::{Desk, known};
use crate::{
    args::poll::{CreateArgs, DeleteArgs, EditArgs},
    commands::{
        confirm::{Reversal, confirm},
        print_lines,
    },
    failure::Failure,
    output::json_line,
};

pub(super) async fn create(desk: &Desk<'_>, args: CreateArgs) -> Result<(), Failure> {
    check(&args.options)?;
    let mut choice = MultiChoice {
        question: args.question,
        options: args.options.into_iter().map(option).collect(),
        ..MultiChoice::default()
    };
    mark(&mut choice, &args.correct)?;
    let poll = Poll { kind: kind(args.multi), multi_choice: choice, ..Poll::default() };
    let made = desk
        .visitor
        .create_poll(&poll)
        .await
        .map_err(|source| Failure::Call { what: "the poll can't be made", source })?;
    if desk.output.json {
        return desk.print(&made).await;
    }
    let id = SafeText::line(known(&made)?.as_str()).into_string();
    desk.note(&format!("the poll is queued; it takes votes after: chatroom poll start {id}"));
    print_lines([id]).await
}

pub(super) async fn edit(desk: &Desk<'_>, args: EditArgs) -> Result<(), Failure> {
    let is_change =
        args.question.is_some() || !args.options.is_empty() || !args.correct.is_empty() || args.multi || args.single;
    if !is_change {
        return Err(Failure::Usage {
            problem: "nothing is to be changed",
            hint: "say what: --question, --option, --correct, --multi or --single",
        });
    }
    check(&args.options)?;
    let mut poll = desk.find(Some(args.poll), &[]).await?;
    if let Some(question) = args.question {
        poll.multi_choice.question = question;
    }
    if !args.options.is_empty() {
        poll.multi_choice.options = args.options.into_iter().map(option).collect();
    }
    if args.multi || args.single {
        poll.kind = kind(args.multi);
    }
    if !args.correct.is_empty() {
        mark(&mut poll.multi_choice, &args.correct)?;
    }
    let poll = desk
        .visitor
        .update_poll(&poll)
        .await
        .map_err(|source| Failure::Call { what: "the poll can't be changed", source })?;
    desk.note("the poll is changed");
    desk.print(&poll).await
}

pub(super) async fn delete(desk: &Desk<'_>, args: DeleteArgs) -> Result<(), Failure> {
    let poll = desk.find(Some(args.poll), &[]).await?;
    let id = known(&poll)?;
    if !args.sure.yes {
        let question = SafeText::name(&poll.multi_choice.question, "without a question");
        if !confirm(&format!("delete the poll “{question}” and its votes?"), Reversal::Impossible, false)? {
            desk.note("nothing was deleted");
            return Ok(());
        }
    }
    desk.visitor
        .delete_poll(&id)
        .await
        .map_err(|source| Failure::Call { what: "the poll can't be deleted", source })?;
    desk.note("the poll is deleted");
    if desk.output.json {
        return print_lines([json_line(&json!({"id": id}))]).await;
    }
    Ok(())
}

fn kind(multi: bool) -> PollKind {
    if multi { PollKind::MultiChoice } else { PollKind::SingleChoice }
}

/// No two options may read the same: nobody could tell which one they vote for.
fn check(options: &[String]) -> Result<(), Failure> {
    let mut seen = HashSet::new();
    match options.iter().find(|option| !seen.insert(perceived(option))) {
        None => Ok(()),
        Some(twice) => Err(Failure::Refused {
            problem: format!("the option “{}” is given twice", SafeText::name(twice, "")),
            hint: "give each option a text of its own",
        }),
    }
}

fn option(text: String) -> PollOption {
    PollOption { text, ..PollOption::default() }
}

/// Says which options are right, and that the others are not.
fn mark(choice: &mut MultiChoice, correct: &[u16]) -> Result<(), Failure> {
    if correct.is_empty() {
        return Ok(());
    }
    if correct.iter().any(|number| usize::from(*number) > choice.options.len()) {
        return Err(Failure::Usage {
            problem: "--correct names an option that is not there",
            hint: "options are numbered from 1, in the order in which they are given",
        });
    }
    for (option, number) in choice.options.iter_mut().zip(1..) {
        option.corrected = Some(correct.contains(&number));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_read_the_same_are_refused() {
        let texts = |texts: [&str; 2]| texts.map(ToOwned::to_owned);
        assert!(check(&texts(["Yes", "No"])).is_ok());
        for twice in [["Yes", "yes "], ["With milk", "with  MILK"], ["Ｙes", "yes\u{200b}"]] {
            assert!(check(&texts(twice)).unwrap_err().to_string().contains("is given twice"), "{twice:?}");
        }
    }

    #[test]
    fn right_answers_are_said_by_number() {
        let options = || ["three", "four", "five"].map(|text| option(text.to_owned())).to_vec();
        let mut choice = MultiChoice { options: options(), ..MultiChoice::default() };
        mark(&mut choice, &[2]).unwrap();
        let marks: Vec<Option<bool>> = choice.options.iter().map(|option| option.corrected).collect();
        assert_eq!(marks, [Some(false), Some(true), Some(false)]);
        assert!(mark(&mut choice, &[4]).is_err());
        let mut choice = MultiChoice { options: options(), ..MultiChoice::default() };
        mark(&mut choice, &[]).unwrap();
        assert!(
            choice.options.iter().all(|option| option.corrected.is_none()),
            "where nothing is right, none is wrong"
        );
    }
}
