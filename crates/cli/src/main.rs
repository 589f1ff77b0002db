//! Live-event chat from the terminal.
#![forbid(unsafe_code)]
fn main() {}
