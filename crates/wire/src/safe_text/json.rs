//! JSON that a program reads and a terminal may show.

use std::fmt::Write as _;

use super::chars;

/// Makes JSON one line in which nothing moves a cursor, turns a direction or hides: escapes what JSON lets stand.
pub(super) fn escaped(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            // In JSON these stand only between its tokens.
            '\n' | '\r' | '\t' => {}
            ' '..='~' => line.push(c),
            // Part of many an emoji.
            '\u{fe0e}' | '\u{fe0f}' => line.push(c),
            _ if c.is_control() || is_hidden(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(line, "\\u{unit:04x}");
                }
            }
            _ => line.push(c),
        }
    }
    line
}

fn is_hidden(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}')
        || chars::is_invisible(c) && !matches!(c, chars::ZWJ | chars::ZWNJ)
        || chars::is_noncharacter(c)
}
