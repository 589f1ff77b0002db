//! Strangers' text before it is shown.

use chatroom_wire::{
    SafeText,
    safe_text::{LOG_MAX, NAME_MAX},
};
use unicode_segmentation::UnicodeSegmentation;

use crate::cost;

/// What a text takes without any input.
const FIXED: usize = 4 * 1024;

/// Makes the bytes a safe line, a name and a line of a log.
///
/// # Panics
/// When a promise is broken.
pub fn check(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let bound = cost::fourfold(text.len(), FIXED);
    let line = cost::bounded("a line", bound, || SafeText::line(&text));
    is_safe(line.as_str());
    // A control character of two bytes becomes a sign of three.
    assert!(line.as_str().len() <= 3 * text.len() + 3, "{line:?}");
    assert_eq!(SafeText::line(line.as_str()), line, "what is safe stays as it is");

    let name = cost::bounded("a name", bound, || SafeText::name(&text, "guest"));
    is_safe(name.as_str());
    assert!(!name.as_str().trim().is_empty(), "a name can be seen: {name:?}");
    assert!(name.as_str().graphemes(true).count() <= NAME_MAX, "{name:?}");
    assert_eq!(SafeText::name(name.as_str(), "guest"), name, "what is safe stays as it is");

    let log = cost::bounded("a line of a log", bound, || SafeText::log(&text));
    is_safe(log.as_str());
    assert!(log.as_str().chars().count() <= LOG_MAX, "{log:?}");
    assert_eq!(SafeText::log(log.as_str()), log, "what is safe stays as it is");
}

/// Nothing in it moves a cursor, hides, or turns its neighbours around.
///
/// # Panics
/// When something does.
fn is_safe(text: &str) {
    let mut marks = 0;
    for c in text.chars() {
        assert!(!c.is_control(), "{c:?} in {text:?}");
        let turns =
            matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}');
        let hides = matches!(c,
            '\u{200b}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}' | '\u{180e}' | '\u{115f}' | '\u{1160}'
            | '\u{3164}' | '\u{ffa0}' | '\u{34f}' | '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e001f}' | '\u{e0080}'..='\u{e0fff}' | '\u{fe00}'..='\u{fe0d}');
        let is_none = u32::from(c) & 0xfffe == 0xfffe || matches!(c, '\u{fdd0}'..='\u{fdef}');
        assert!(!turns && !hides && !is_none, "{c:?} in {text:?}");
        marks = if matches!(c, '\u{300}'..='\u{36f}') { marks + 1 } else { 0 };
        assert!(marks <= 8, "{text:?}");
    }
    assert!(text.graphemes(true).all(|grapheme| grapheme.chars().count() <= 32), "{text:?}");
}
