//! Asks before something that can't be undone.

use std::io::{self, BufRead, IsTerminal as _, Write};

use chatroom_wire::SafeText;

use crate::failure::Failure;

/// Whether it is to be done: `--yes` says so beforehand, else a person at the terminal is asked.
///
/// Without a terminal nobody can be asked, and nothing is assumed.
pub(super) fn confirm(question: &str, yes: bool) -> Result<bool, Failure> {
    let somebody_is_there = io::stdin().is_terminal() && io::stderr().is_terminal();
    ask(question, yes, somebody_is_there, io::stdin().lock(), io::stderr())
}

fn ask(
    question: &str,
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
            problem: "this can't be undone, and nobody is here to be asked",
            hint: "with --yes it is done without asking",
        });
    }
    let question = format!("{} [y/N] ", SafeText::line(question));
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
        let result = ask("Delete \x1b[2J it?", false, true, answer.as_bytes(), &mut asked).unwrap();
        (result, String::from_utf8(asked).unwrap())
    }

    #[test]
    fn only_a_yes_is_a_yes() {
        for (answer, meant) in
            [("y\n", true), ("YES\n", true), ("n\n", false), ("\n", false), ("", false), ("yess\n", false)]
        {
            assert_eq!(answered(answer), (meant, "Delete � it? [y/N] ".to_owned()), "{answer:?}");
        }
    }

    #[test]
    fn where_nobody_can_be_asked_nothing_is_assumed() {
        let refusal = ask("Delete it?", false, false, io::empty(), io::sink()).unwrap_err();
        assert_eq!(refusal.exit(), Exit::Usage);
        assert!(ask("Delete it?", true, false, io::empty(), io::sink()).unwrap());
    }
}
