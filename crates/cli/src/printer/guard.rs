//! The last look at what is written: whatever a text came through, only the program steers the terminal.

use std::borrow::Cow;

/// The text with `�` for all control characters but ends of lines (a table's are CR LF) and the program's own sequences:
/// colours (`ESC[…m`), up by lines (`ESC[…F`), erase (`ESC[J`).
pub(super) fn guarded(text: &str) -> Cow<'_, str> {
    let mut safe = String::new();
    let mut taken = 0;
    while let Some((at, c)) = steering(text, taken) {
        safe.push_str(&text[taken..at]);
        safe.push('\u{fffd}');
        taken = at + c.len_utf8();
    }
    if taken == 0 {
        return Cow::Borrowed(text);
    }
    safe.push_str(&text[taken..]);
    Cow::Owned(safe)
}

/// The first control character from a place on that is none of the program's.
fn steering(text: &str, from: usize) -> Option<(usize, char)> {
    let controls = text[from..].char_indices().filter(|(_, c)| c.is_control() && *c != '\n');
    controls.map(|(at, c)| (from + at, c)).find(|(at, _)| !is_own(&text[*at..]))
}

/// Whether a sequence of the program, or the end of a line, stands at the start.
fn is_own(text: &str) -> bool {
    if let Some(rest) = text.strip_prefix('\r') {
        return rest.is_empty() || rest.starts_with('\n');
    }
    let Some(parameters) = text.strip_prefix("\x1b[") else { return false };
    let end = parameters.trim_start_matches(|c: char| c.is_ascii_digit());
    match parameters.len() - end.len() {
        0 => end.starts_with('J'),
        1..=4 => end.starts_with(['m', 'F']),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::guarded;

    #[test]
    fn what_the_program_writes_is_kept() {
        for text in [
            "",
            "plain 由紀 👩‍👩‍👧",
            "\x1b[2m[time]\x1b[0m \x1b[34m@Ada:\x1b[0m hi",
            "\x1b[12F\x1b[JTea?",
            "a\nb",
            "a,b\r",
            "a\r\nb\r",
        ] {
            assert_eq!(guarded(text), text);
        }
    }

    #[test]
    fn what_else_would_steer_a_terminal_is_not() {
        for (text, safe) in [
            ("\x1b]0;owned\x07", "\u{fffd}]0;owned\u{fffd}"),
            ("\x1b[2Ja\x1b[?25l\x1b[1;1H", "\u{fffd}[2Ja\u{fffd}[?25l\u{fffd}[1;1H"),
            ("a\rb\u{8}\t\u{7f}\u{9b}2J\x1b", "a\u{fffd}b\u{fffd}\u{fffd}\u{fffd}\u{fffd}2J\u{fffd}"),
            ("\x1b[33mok\x1b[0m\x1bc", "\x1b[33mok\x1b[0m\u{fffd}c"),
            ("\x1b[999999m", "\u{fffd}[999999m"),
        ] {
            assert_eq!(guarded(text), safe, "{text:?}");
        }
    }
}
