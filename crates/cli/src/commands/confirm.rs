//! Asks before something that others notice or that can't be undone.

use std::io::{self, BufRead, IsTerminal as _, Write};

use chatroom_wire::SafeText;

use crate::failure::Failure;

/// Whether another command takes back what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reversal {
    Possible,
    Impossible,
}

/// Whether it is to be done: `--yes` says so beforehand, else a person at the terminal is asked.
///
/// Without a terminal nobody can be asked, and nothing is assumed.
pub(super) fn confirm(question: &str, reversal: Reversal, yes: bool) -> Result<bool, Failure> {
    let somebody_is_there = io::stdin().is_terminal() && io::stderr().is_terminal();
    ask(question, reversal, yes, somebody_is_there, io::stdin().lock(), io::stderr())
}

fn ask(
    question: &str,
    reversal: Reversal,
    yes: bool,
    somebody_is_there: bool,
    mut from: impl BufRead,
    mut to: impl Write,
) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !somebody_is_there {
        return Err(Failure::Usage {
            problem: match reversal {
                Reversal::Possible => "confirmation needed",
                Reversal::Impossible => "confirmation needed: this can't be undone",
            },
            hint: "without a terminal, pass --yes",
        });
    }
    let warning = if reversal == Reversal::Impossible { " This can't be undone." } else { "" };
    let question = format!("{}{warning} [y/N] ", SafeText::line(question));
    let failed = |source| Failure::System { what: "a question", source };
    to.write_all(question.as_bytes()).and_then(|()| to.flush()).map_err(failed)?;
    let mut answer = String::new();
    from.read_line(&mut answer).map_err(failed)?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Exit;

    fn answered(answer: &str) -> (bool, String) {
        let mut asked = Vec::new();
        let result = ask("Mute \x1b[2J it?", Reversal::Possible, false, true, answer.as_bytes(), &mut asked).unwrap();
        (result, String::from_utf8(asked).unwrap())
    }

    #[test]
    fn only_a_yes_is_a_yes() {
        for (answer, meant) in
            [("y\n", true), ("YES\n", true), ("n\n", false), ("\n", false), ("", false), ("yess\n", false)]
        {
            assert_eq!(answered(answer), (meant, "Mute � it? [y/N] ".to_owned()), "{answer:?}");
        }
    }

    #[test]
    fn where_nobody_can_be_asked_nothing_is_assumed() {
        let refusal = ask("Delete it?", Reversal::Impossible, false, false, io::empty(), io::sink()).unwrap_err();
        assert_eq!(refusal.exit(), Exit::Usage);
        assert!(ask("Delete it?", Reversal::Impossible, true, false, io::empty(), io::sink()).unwrap());
    }

    #[test]
    fn only_what_can_not_be_undone_is_called_so() {
        for (reversal, warned) in [(Reversal::Possible, false), (Reversal::Impossible, true)] {
            let refusal = ask("Go on?", reversal, false, false, io::empty(), io::sink()).unwrap_err();
            assert_eq!(refusal.to_string().contains("can't be undone"), warned);
            let mut asked = Vec::new();
            ask("Go on?", reversal, false, true, &b"y"[..], &mut asked).unwrap();
            assert_eq!(String::from_utf8(asked).unwrap().contains("can't be undone"), warned);
        }
    }
}
