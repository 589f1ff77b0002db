//! Live-event chat from the terminal.
//!
//! - [`args`]: the command line and its help; [`profile`], [`environment`]: defaults from elsewhere
//! - [`access`]: how a command gets into a room
//! - [`commands`]: what the program does, one file for each command
//! - [`output`]: events as lines, [`printer`] writes them; [`output_file`]: files that are written; [`input`]: lines of stdin; [`color`]: colours; [`cells`]: widths and columns
//! - [`failure`]: what can fail, [`hint`]: what to do about it, [`diagnostics`]: how it is told
//! - [`token_clock`]: what a token's times have to do with a failure
//! - [`signals`], [`log`], [`near`], [`words`]: small parts
#![forbid(unsafe_code)]

mod access;
mod args;
mod cells;
mod color;
mod commands;
mod diagnostics;
mod environment;
mod failure;
mod hint;
mod input;
mod log;
mod near;
mod output;
mod output_file;
mod printer;
mod profile;
mod signals;
mod token_clock;
mod words;

use std::process::ExitCode;

fn main() -> ExitCode {
    match args::help::parse(std::env::args_os()) {
        Ok(args) => commands::run(args),
        Err(done) => done,
    }
}
