//! Which poll, and which option of it, somebody means.

use chatroom_server::filter::perceived;
use chatroom_wire::{
    OptionId, PollId, SafeText,
    poll::{Poll, PollOption, PollStatus},
};

use super::chart::{status, votes};
use crate::{
    args::GlobalArgs,
    cells,
    commands::resolve::{ambiguous, resolve},
    failure::Failure,
};

/// The poll that is meant where none is named: the first of these states that exactly one poll is in.
///
/// # Errors
/// With the polls that it may be, as lines, where that is not one.
pub(super) fn only<'a>(polls: &'a [Poll], states: &[&[PollStatus]]) -> Result<&'a Poll, Unclear> {
    for group in states {
        let mut candidates = polls.iter().filter(|poll| group.contains(&poll.status));
        match (candidates.next(), candidates.next()) {
            (None, _) => {}
            (Some(only), None) => return Ok(only),
            (Some(_), Some(_)) => {
                return Err(Unclear {
                    problem: "several polls may be meant".to_owned(),
                    hint: "name one by its id",
                    candidates: table(polls.iter().filter(|poll| group.contains(&poll.status))),
                });
            }
        }
    }
    let wanted: Vec<&str> = states.iter().flat_map(|group| group.iter()).map(|status| name(*status)).collect();
    Err(Unclear {
        problem: format!("no poll is {}", wanted.join(", or ")),
        hint: "`chatroom poll list` shows all polls, `chatroom poll create` makes one",
        candidates: table(polls),
    })
}

/// Why it is not clear which poll is meant.
#[derive(Debug)]
pub(super) struct Unclear {
    problem: String,
    hint: &'static str,
    /// What it may be, a line each.
    pub(super) candidates: Vec<String>,
}

impl From<Unclear> for Failure {
    fn from(unclear: Unclear) -> Self {
        Self::Refused { problem: unclear.problem, hint: unclear.hint }
    }
}

/// Polls, one on each line: state, id, votes, question.
pub(super) fn table<'a>(polls: impl IntoIterator<Item = &'a Poll>) -> Vec<String> {
    let rows: Vec<[String; 4]> = polls
        .into_iter()
        .map(|poll| {
            [
                status(poll).to_owned(),
                SafeText::line(poll.id.as_ref().map_or("-", |id| id.as_str())).into_string(),
                votes(poll),
                SafeText::line(&poll.multi_choice.question).into_string(),
            ]
        })
        .collect();
    cells::columns(&rows)
}

/// The poll of this id, or of the only id that begins so; none where there is none.
pub(super) fn by_id<'a>(polls: &'a [Poll], said: &str, global: &GlobalArgs) -> Result<Option<&'a Poll>, Failure> {
    match resolve(polls, said, |poll| poll.id.as_ref().map(PollId::as_str), |_| Vec::new()) {
        Ok(poll) => Ok(Some(poll)),
        Err(found) if found.is_empty() => Ok(None),
        Err(found) => Err(ambiguous(said, "polls", &table(found), global)),
    }
}

/// The options that are meant: by number, by text, by id, or by the only id that begins so.
pub(super) fn options(poll: &Poll, said: &[String]) -> Result<Vec<OptionId>, Failure> {
    said.iter().map(|said| option(poll, said)).collect()
}

fn option(poll: &Poll, said: &str) -> Result<OptionId, Failure> {
    let options = &poll.multi_choice.options;
    let number = said.trim().parse::<usize>().ok();
    let by_number = number.and_then(|number| number.checked_sub(1)).and_then(|place| options.get(place));
    let by_name =
        resolve(options, said, |option| option.id.as_ref().map(OptionId::as_str), |option| vec![option.text.as_str()]);
    let is_text = |option: &PollOption| perceived(&option.text) == perceived(said);
    let found: Result<&PollOption, &str> = match (by_number, by_name) {
        // "3" may be the third, or the one that says 3.
        (Some(third), Ok(named)) if !std::ptr::eq(third, named) && is_text(named) => Err("may be a number or a text"),
        (Some(option), _) | (None, Ok(option)) => Ok(option),
        (None, Err(several)) if several.is_empty() => Err("is no option of this poll"),
        (None, Err(_)) => Err("fits several options"),
    };
    let refused = |why: &str| Failure::Refused {
        problem: format!("“{}” {why}", SafeText::name(said, "")),
        hint: "an option is named by its number, its id or its whole text; `chatroom poll show` lists them",
    };
    let id = found.map_err(refused)?.id.clone();
    id.ok_or_else(|| refused("has no id, so that nobody can vote for it"))
}

fn name(status: PollStatus) -> &'static str {
    match status {
        PollStatus::Queued => "queued",
        PollStatus::Active => "active",
        PollStatus::Closed => "closed",
        PollStatus::Archived => "archived",
    }
}

#[cfg(test)]
mod tests {
    use chatroom_wire::poll::MultiChoice;

    use super::*;

    fn poll(id: &str, status: PollStatus, texts: &[&str]) -> Poll {
        let options = texts.iter().zip(1..).map(|(text, number)| PollOption {
            id: Some(format!("option-{number}").into()),
            text: (*text).to_owned(),
            ..PollOption::default()
        });
        let choice =
            MultiChoice { question: format!("What of {id}?"), options: options.collect(), ..MultiChoice::default() };
        Poll { id: Some(id.to_owned().into()), status, multi_choice: choice, ..Poll::default() }
    }

    const SHOWN: [&[PollStatus]; 2] = [&[PollStatus::Active], &[PollStatus::Queued, PollStatus::Closed]];

    #[test]
    fn without_an_id_the_active_poll_is_meant_else_the_only_other() {
        let [old, new] = [poll("old", PollStatus::Archived, &[]), poll("new", PollStatus::Queued, &[])];
        let running = poll("running", PollStatus::Active, &[]);
        let polls = [new.clone(), running.clone(), old.clone()];
        assert_eq!(only(&polls, &SHOWN).unwrap(), &running);
        assert_eq!(only(&polls[..1], &SHOWN).unwrap(), &new);
        let none = only(std::slice::from_ref(&old), &SHOWN).unwrap_err();
        assert_eq!(Failure::from(none).to_string(), "no poll is active, or queued, or closed");
    }

    #[test]
    fn where_several_may_be_meant_they_are_listed() {
        let polls = [
            poll("one", PollStatus::Queued, &[]),
            poll("run-out", PollStatus::Archived, &[]),
            poll("another", PollStatus::Closed, &[]),
        ];
        let unclear = only(&polls, &SHOWN).unwrap_err();
        insta::assert_snapshot!(unclear.candidates.join("\n"), @r"
        queued  one      0 votes  What of one?
        closed  another  0 votes  What of another?
        ");
    }

    #[test]
    fn an_option_is_named_by_number_id_or_text() {
        let poll = poll("p", PollStatus::Active, &["Tea", "Coffee", "Cocoa", "Tea with milk"]);
        for (said, meant) in [
            ("1", Some("option-1")),
            ("4", Some("option-4")),
            ("option-2", Some("option-2")),
            ("COFFEE", Some("option-2")),
            ("cof", None),
            ("tea", Some("option-1")),
            ("tea w", None),
            ("TEA  with milk ", Some("option-4")),
            ("option-", None),
            ("co", None),
            ("0", None),
            ("5", None),
            ("water", None),
        ] {
            let read = option(&poll, said).ok();
            assert_eq!(read.as_ref().map(OptionId::as_str), meant, "{said}");
        }
    }

    #[test]
    fn a_number_that_is_also_a_text_is_not_guessed() {
        let poll = poll("p", PollStatus::Active, &["2", "3", "one"]);
        let refusal = option(&poll, "2").unwrap_err();
        assert_eq!(refusal.to_string(), "“2” may be a number or a text");
        assert_eq!(option(&poll, "3").unwrap_err().to_string(), "“3” may be a number or a text");
        assert_eq!(option(&poll, "1").unwrap().as_str(), "option-1");
    }
}
