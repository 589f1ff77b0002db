//! One pass over a text, in which each character is kept, replaced or dropped by what was kept before it.

use super::{chars, escapes, graphemes::bounded};

/// The most marks on one base, and the most emoji joined to one: more than any language writes.
const STACK_MAX: usize = 8;

/// The most characters of an emoji to which another is joined: a family of four with skin tones takes eleven.
const JOINED_MAX: usize = 16;

/// Makes a text safe, up to a number of characters. Says whether that was all of it.
pub(super) fn sieve(text: &str, chars_max: usize) -> (String, bool) {
    // Most text is plain, and is copied at once.
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~');
    if text.len() <= chars_max && text.bytes().all(is_plain) {
        return (text.to_owned(), true);
    }
    // What grows from nothing by doubling would hold many times what it needs.
    let room = text.len().min(chars_max.saturating_mul(char::MAX.len_utf8()));
    let mut sieve = Sieve { kept: String::with_capacity(room), ..Sieve::default() };
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if sieve.count >= chars_max && sieve.count > 0 {
            return (bounded(sieve.kept.chars().take(chars_max).collect()), false);
        }
        let taken = sieve.take(c, rest);
        rest = &rest[taken..];
    }
    if sieve.count > chars_max {
        return (bounded(sieve.kept.chars().take(chars_max).collect()), false);
    }
    (bounded(sieve.kept), true)
}

#[derive(Default)]
struct Sieve {
    kept: String,
    /// Characters in `kept`.
    count: usize,
    last: Option<char>,
    /// Marks on the last base.
    marks: usize,
    /// Characters in `kept` before the last emoji and all that it is joined to.
    emoji_start: usize,
    /// Whether the last grapheme is an emoji that another may be joined to.
    on_emoji: bool,
}

impl Sieve {
    /// Takes what stands at the start of `rest`, which is `c` and maybe more; says how many bytes that was.
    fn take(&mut self, c: char, rest: &str) -> usize {
        let next = || rest[c.len_utf8()..].chars().next();
        match c {
            ' '..='~' => self.keep(c),
            '\t' | '\u{2028}' | '\u{2029}' => self.keep(' '),
            '\n' => self.keep('↵'),
            _ if c.is_control() => match escapes::sequence(rest) {
                Some(length) => {
                    self.keep('\u{fffd}');
                    return length;
                }
                None => self.control(c),
            },
            _ if chars::is_noncharacter(c) => self.keep('\u{fffd}'),
            chars::ZWJ if self.on_emoji => self.join(next()),
            chars::ZWJ | chars::ZWNJ => self.joiner(c),
            '\u{fe0e}' | '\u{fe0f}' => self.selector(c, next()),
            '\u{180b}'..='\u{180d}' | '\u{180f}' if self.last.is_some_and(|c| matches!(c, '\u{1820}'..='\u{18aa}')) => {
                self.push(c);
            }
            '\u{180b}'..='\u{180d}' | '\u{180f}' => {}
            '\u{1f3f4}' => {
                self.emoji(c);
                return c.len_utf8() + self.tagged_flag(&rest[c.len_utf8()..]);
            }
            _ if chars::is_invisible(c) => {}
            _ if chars::is_skin_tone(c) && self.on_emoji => self.mark(c),
            _ if chars::is_emoji(c) => self.emoji(c),
            _ if chars::is_mark(c) => self.mark(c),
            _ => self.keep(c),
        }
        c.len_utf8()
    }

    fn push(&mut self, c: char) {
        self.kept.push(c);
        self.count += 1;
        self.last = Some(c);
    }

    /// A base: what comes after it starts anew.
    fn keep(&mut self, c: char) {
        self.push(c);
        self.marks = 0;
        self.on_emoji = false;
    }

    fn control(&mut self, c: char) {
        match u8::try_from(u32::from(c)) {
            Ok(byte @ 0..=0x1f) => {
                self.keep('^');
                self.keep(char::from(byte + 0x40));
            }
            Ok(0x7f) => {
                self.keep('^');
                self.keep('?');
            }
            _ => self.keep('\u{fffd}'),
        }
    }

    fn emoji(&mut self, c: char) {
        if !(self.on_emoji && self.last == Some(chars::ZWJ)) {
            self.emoji_start = self.count;
        }
        self.keep(c);
        self.on_emoji = true;
    }

    /// A joiner between two emoji.
    fn join(&mut self, next: Option<char>) {
        let is_short = self.count - self.emoji_start < JOINED_MAX;
        if is_short && next.is_some_and(|c| chars::is_emoji(c) && !chars::is_skin_tone(c)) {
            self.push(chars::ZWJ);
        }
    }

    /// A joiner, or its contrary, inside of a word.
    fn joiner(&mut self, c: char) {
        if self.last.is_some_and(chars::takes_joiners) {
            self.push(c);
        }
    }

    /// A request to draw the character before it as an emoji or as text; or a keycap.
    fn selector(&mut self, c: char, next: Option<char>) {
        let keycap = matches!(self.last, Some('0'..='9' | '#' | '*')) && next == Some('\u{20e3}');
        if keycap || (self.on_emoji && self.last.is_some_and(chars::is_emoji)) {
            self.push(c);
        }
    }

    fn mark(&mut self, c: char) {
        match self.last {
            // Without a base it would be drawn onto whatever is written before this text.
            None => {
                self.keep(chars::DOTTED_CIRCLE);
                self.push(c);
                self.marks = 1;
            }
            Some(_) if self.marks < STACK_MAX => {
                self.push(c);
                self.marks += 1;
                self.on_emoji &= chars::is_skin_tone(c);
            }
            Some(_) => {}
        }
    }

    /// Keeps the tags behind a black flag if they make it one of the three flags there are; says how many bytes.
    fn tagged_flag(&mut self, rest: &str) -> usize {
        let Some(tags) = chars::FLAG_TAGS.iter().find(|tags| rest.starts_with(**tags)) else { return 0 };
        for tag in tags.chars() {
            self.push(tag);
        }
        tags.len()
    }
}
