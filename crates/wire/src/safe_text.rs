//! Strangers' text, made safe for a terminal, a log or a list of names.
//!
//! A message, a name or a server's error can hold escape sequences that move the cursor, rename the window or fill the
//! clipboard; direction controls that swap what stands beside them; characters that nobody sees. Whatever is shown
//! goes through here, the plain lines of a command as well as the terminal UI and the log.

mod chars;
mod escapes;
mod graphemes;
mod json;
mod sieve;

use std::fmt;

use unicode_segmentation::UnicodeSegmentation;

/// A line of text that can be written to a terminal: it changes nothing but its own cells.
///
/// - Control characters show as `^G`, a whole escape sequence as `�`, a tab as a space, a newline as `↵`.
/// - Direction controls and invisible characters are gone; joiners stay where emoji and scripts need them.
/// - A base carries at most 8 combining marks, and nothing that is drawn in one place has more than 32 characters.
///
/// Plain text in any script is unchanged. What is safe stays as it is when made safe again.
///
/// ```
/// use chatroom_wire::SafeText;
///
/// assert_eq!(SafeText::line("sold out\x1b[2J\x07").as_ref(), "sold out�^G");
/// assert_eq!(SafeText::line("नमस्ते 👩‍👩‍👧 🇯🇵").as_ref(), "नमस्ते 👩‍👩‍👧 🇯🇵");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeText(String);

/// The most graphemes (what a reader takes for one character) of a name.
pub const NAME_MAX: usize = 64;

/// The most characters of a text in a log or an error.
pub const LOG_MAX: usize = 500;

/// This many characters hold 64 of the longest graphemes that mean anything.
const NAME_CHARS_MAX: usize = 512;

impl SafeText {
    /// Makes a text of any length one safe line.
    ///
    /// ```
    /// assert_eq!(chatroom_wire::SafeText::line("one\ntwo\tthree").as_ref(), "one↵two three");
    /// ```
    pub fn line(text: &str) -> Self {
        Self(sieve::sieve(text, usize::MAX).0)
    }

    /// Makes a safe name of at most [`NAME_MAX`] graphemes, without white space around it; `fallback` (which is made
    /// safe too) where nothing of it can be seen.
    ///
    /// ```
    /// use chatroom_wire::SafeText;
    ///
    /// assert_eq!(SafeText::name(" ada\u{202e} ", "guest").as_ref(), "ada");
    /// assert_eq!(SafeText::name("\u{200b}\u{3164} ", "guest").as_ref(), "guest");
    /// ```
    pub fn name(text: &str, fallback: &str) -> Self {
        match name(text) {
            Some(name) => Self(name),
            None => Self(name(fallback).unwrap_or_default()),
        }
    }

    /// Makes a safe line of at most [`LOG_MAX`] characters: for errors of servers, in logs and messages.
    ///
    /// ```
    /// use chatroom_wire::SafeText;
    ///
    /// assert_eq!(SafeText::log("no such room\r\n").as_ref(), "no such room^M↵");
    /// assert_eq!(SafeText::log(&"x".repeat(9999)).as_ref().chars().count(), 500);
    /// ```
    pub fn log(text: &str) -> Self {
        let (line, whole) = sieve::sieve(text, LOG_MAX);
        if whole { Self(line) } else { Self(shortened(&line, usize::MAX, LOG_MAX)) }
    }

    /// Makes JSON one line that is safe to show and means the same: what would move a cursor, turn a direction or hide is
    /// escaped (`\u009b`), line breaks between its tokens are gone. `json` must be well-formed.
    ///
    /// ```
    /// use chatroom_wire::SafeText;
    ///
    /// assert_eq!(SafeText::json("[\n\"\u{9b}2J\u{7f}\u{202e}\"]").as_ref(), r#"["\u009b2J\u007f\u202e"]"#);
    /// ```
    pub fn json(json: &str) -> Self {
        Self(json::escaped(json))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, taken out.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Whether a reader sees nothing of a text: no text at all, white space, control characters, joiners, fillers, tags and
/// whatever else is drawn as nothing, and marks with nothing below them. Who writes such a text says nothing.
///
/// ```
/// use chatroom_wire::safe_text::is_blank;
///
/// for text in ["", " \t", "\u{200b}\u{feff}", "\u{2800}", "\u{3164}\u{ffa0}", "\u{e0041}", "\u{301}", "\u{7}", "\u{fffe}"] {
///     assert!(is_blank(text), "{text:?}");
/// }
/// for text in [".", "é", "👩\u{200d}👧", "नमस्ते", "\u{200b}a", "1\u{fe0f}\u{20e3}", "🏴\u{e0067}\u{e007f}", "\u{600}1"] {
///     assert!(!is_blank(text), "{text:?}");
/// }
/// ```
pub fn is_blank(text: &str) -> bool {
    !text.chars().any(|c| chars::is_seen(c) && !c.is_control() && !chars::is_noncharacter(c))
}

fn name(text: &str) -> Option<String> {
    let (line, whole) = sieve::sieve(text.trim(), NAME_CHARS_MAX);
    let trimmed = line.trim();
    if !trimmed.chars().any(chars::is_seen) {
        return None;
    }
    // Trimming can leave a mark in front that stood on the space.
    let line = sieve::sieve(trimmed, usize::MAX).0;
    let fits = whole && line.chars().nth(NAME_CHARS_MAX).is_none() && line.graphemes(true).nth(NAME_MAX).is_none();
    Some(if fits { line } else { shortened(&line, NAME_MAX, NAME_CHARS_MAX) })
}

/// Cuts at the end of a grapheme and says so with `…`, which counts.
fn shortened(line: &str, graphemes: usize, chars: usize) -> String {
    let mut kept = String::new();
    let mut room = chars.saturating_sub(1);
    for grapheme in line.graphemes(true).take(graphemes.saturating_sub(1)) {
        let size = grapheme.chars().count();
        if size > room {
            if kept.is_empty() {
                kept.extend(grapheme.chars().take(room));
            }
            break;
        }
        room -= size;
        kept.push_str(grapheme);
    }
    // A joiner or a space at the end would stand before nothing.
    kept.truncate(kept.trim_end_matches(|c: char| c == chars::ZWJ || c.is_whitespace()).len());
    kept.push('…');
    graphemes::bounded(kept)
}

impl AsRef<str> for SafeText {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
