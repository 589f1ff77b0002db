//! Where an escape sequence ends (ECMA-48): sequences of parameters (CSI), and strings (OSC, DCS, APC, PM, SOS).

const ESC: char = '\u{1b}';

/// The length in bytes of the escape sequence at the start of `text`, if a whole one stands there.
///
/// A sequence without its end is none: whoever opens one and never closes it must not swallow the text behind it.
pub(super) fn sequence(text: &str) -> Option<usize> {
    let mut chars = text.chars();
    let (introducer, start) = match chars.next()? {
        // The seven-bit form: ESC [ for U+009B, and so on.
        ESC => (char::from_u32(u32::from(chars.next().filter(|c| matches!(c, '@'..='_'))?) + 0x40)?, 2),
        c1 => (c1, c1.len_utf8()),
    };
    let body = &text[start..];
    let length = match introducer {
        '\u{9b}' => parameters(body),
        '\u{9d}' => string(body, true),
        '\u{90}' | '\u{98}' | '\u{9e}' | '\u{9f}' => string(body, false),
        _ => None,
    }?;
    Some(start + length)
}

fn parameters(body: &str) -> Option<usize> {
    let bytes = body.as_bytes();
    let end = bytes.iter().position(|byte| !matches!(byte, 0x20..=0x3f))?;
    matches!(bytes[end], 0x40..=0x7e).then_some(end + 1)
}

/// Ends with ST, which is ESC \ or U+009C; xterm ends an OSC with BEL too.
fn string(body: &str, bell_ends: bool) -> Option<usize> {
    let end = body.find(char::is_control)?;
    let rest = &body[end..];
    let terminator = match rest.chars().next()? {
        '\u{9c}' => 2,
        '\u{7}' if bell_ends => 1,
        ESC if rest[1..].starts_with('\\') => 2,
        _ => return None,
    };
    Some(end + terminator)
}

#[cfg(test)]
mod tests {
    use super::sequence;

    #[test]
    fn a_whole_sequence_is_measured_to_its_end() {
        for text in ["\x1b[31m", "\x1b[?1049h", "\x1b[1;2 q", "\u{9b}2J", "\x1b]0;title\x07", "\x1b]52;c;AAAA\x1b\\"] {
            assert_eq!(sequence(&format!("{text}tail")), Some(text.len()), "{text:?}");
        }
        for text in
            ["\x1bP1$q\x1b\\", "\u{90}q\u{9c}", "\x1b_apc\x1b\\", "\x1b^pm\u{9c}", "\x1bXsos\x1b\\", "\u{9d}8;;u\x07"]
        {
            assert_eq!(sequence(&format!("{text}tail")), Some(text.len()), "{text:?}");
        }
    }

    #[test]
    fn a_sequence_without_an_end_is_none() {
        for text in [
            "\x1b",
            "\x1b[",
            "\x1b[31",
            "\x1b[3\n1m",
            "\x1b]0;title",
            "\x1b]0;a\x1b[2J",
            "\x1bPq\x07",
            "\x1bc",
            "\u{85}",
            "a",
        ] {
            assert_eq!(sequence(text), None, "{text:?}");
        }
    }
}
