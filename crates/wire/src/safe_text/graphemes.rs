//! How long one grapheme may be: what a reader takes for one character is drawn in one place, however long it is.

use unicode_segmentation::UnicodeSegmentation;

use super::chars;

/// The most characters of a grapheme: three times what the longest emoji takes.
pub(super) const GRAPHEME_MAX: usize = 32;

/// Cuts graphemes that are too long (a run of Hangul beginnings, of signs that enclose what comes next, a chain of joined
/// consonants), and marks the place with `�`, which joins nothing.
pub(super) fn bounded(text: String) -> String {
    let is_long = |grapheme: &str| grapheme.len() > GRAPHEME_MAX && grapheme.chars().nth(GRAPHEME_MAX).is_some();
    if text.is_ascii() || !text.graphemes(true).any(is_long) {
        return text;
    }
    let mut kept = String::with_capacity(text.len());
    for grapheme in text.graphemes(true) {
        if is_long(grapheme) {
            let start: String = grapheme.chars().take(GRAPHEME_MAX - 1).collect();
            // What says how its neighbours are to be drawn would stand before nothing.
            kept.push_str(start.trim_end_matches(chars::needs_neighbour));
            kept.push('\u{fffd}');
        } else {
            kept.push_str(grapheme);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::bounded;

    #[test]
    fn only_what_is_too_long_is_cut() {
        for plain in ["", "plain", "👩‍👩‍👧‍👦", "\u{1112}\u{1161}\u{11ab}", "क्षत्रिय"]
        {
            assert_eq!(bounded(plain.to_owned()), plain);
        }
        for (piece, after) in [("ᄀ", "가"), ("\u{600}", "b"), ("क\u{94d}", "c")] {
            let cut = bounded(format!("a{}{after}", piece.repeat(100)));
            assert!(cut.starts_with('a') && cut.contains('\u{fffd}') && cut.chars().count() < 40, "{cut:?}");
            assert_eq!(bounded(cut.clone()), cut);
        }
    }
}
