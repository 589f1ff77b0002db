//! The help, in a form that can be copied.
//!
//! The renderer breaks lines at spaces, and makes a new line of `{n}`. What stands in examples is therefore given to it
//! with characters that it does not know, and these are put back when the help is printed.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    process::ExitCode,
};

use clap::{Command, CommandFactory as _, Error, FromArgMatches as _, builder::StyledStr, error::ErrorKind};

use super::Args;
use crate::color::ColorChoice;

/// What examples are indented by, and their further lines by more.
const INDENT: &str = "      ";

/// Stands for a space of an example, which is no place to break a line.
const SPACE: &str = "\u{a0}";

/// Stands for `{n}`, which is no new line.
const NUMBER: &str = "{\u{2060}n}";

/// The command line, whose help is to be printed by [`tell`].
pub(crate) fn command() -> Command {
    sealed(Args::command())
}

/// Reads the command line; where it asks for help, or can't be read, that is told, and the program is done.
pub(crate) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Args, ExitCode> {
    let read = command().try_get_matches_from(words).and_then(|mut matches| Args::from_arg_matches_mut(&mut matches));
    read.map_err(|error| tell(&error))
}

/// Prints what the reading of the command line ended with.
fn tell(error: &Error) -> ExitCode {
    let text = |colored: bool| {
        let text = error.render();
        if colored { text.ansi().to_string() } else { text.to_string() }
    };
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand);
    let text = |colored| if is_help { opened(&text(colored)) } else { text(colored) };
    // Where nobody reads there is nobody to tell.
    let _ = if error.use_stderr() {
        let mut stderr = io::stderr();
        stderr.write_all(text(ColorChoice::Auto.palette(&stderr).is_on()).as_bytes())
    } else {
        let mut stdout = io::stdout();
        stdout.write_all(text(ColorChoice::Auto.palette(&stdout).is_on()).as_bytes()).and_then(|()| stdout.flush())
    };
    u8::try_from(error.exit_code()).map_or(ExitCode::FAILURE, ExitCode::from)
}

/// The command, and all below it, with examples that stay whole.
fn sealed(command: Command) -> Command {
    let examples = command.get_after_long_help().map(|text| {
        let lines: Vec<String> = text.to_string().lines().map(sealed_line).collect();
        lines.join("\n")
    });
    let command = match examples {
        Some(examples) => command.after_long_help(examples),
        None => command,
    };
    let command = command.mut_args(|arg| match arg.get_help().map(StyledStr::to_string) {
        Some(help) if help.contains("{n}") => arg.help(help.replace("{n}", NUMBER)),
        _ => arg,
    });
    command.mut_subcommands(sealed)
}

fn sealed_line(line: &str) -> String {
    if line.starts_with(INDENT) { line.replace(' ', SPACE).replace("{n}", NUMBER) } else { line.to_owned() }
}

/// The help as people and shells are to read it.
pub(super) fn opened(help: &str) -> String {
    help.replace(SPACE, " ").replace(NUMBER, "{n}")
}

#[cfg(test)]
mod tests;
