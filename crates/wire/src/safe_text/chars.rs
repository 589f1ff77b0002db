//! What kind of character this is, as far as safety goes.

use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeEmoji, UnicodeGeneralCategory};

pub(super) const ZWJ: char = '\u{200d}';
pub(super) const ZWNJ: char = '\u{200c}';

/// A base emoji, alone or as a part of a joined one. Digits and `#` are emoji only with a keycap, so they are none here.
pub(super) fn is_emoji(c: char) -> bool {
    !c.is_ascii() && c.is_emoji_char()
}

/// A skin tone.
pub(super) fn is_skin_tone(c: char) -> bool {
    matches!(c, '\u{1f3fb}'..='\u{1f3ff}')
}

/// Whether it is drawn onto the character before it.
pub(super) fn is_mark(c: char) -> bool {
    // Half-width voicing marks of Japanese are letters, and yet part of the grapheme.
    !c.is_ascii() && (c.general_category_group() == GeneralCategoryGroup::Mark || matches!(c, '\u{ff9e}' | '\u{ff9f}'))
}

/// U+FFFE, U+FFFF and their like: never text.
pub(super) fn is_noncharacter(c: char) -> bool {
    matches!(c, '\u{fdd0}'..='\u{fdef}') || u32::from(c) & 0xfffe == 0xfffe
}

/// Whether nobody sees it, or it changes the direction of its neighbours. Joiners and the selectors of emoji are for the
/// caller to judge by where they stand.
pub(super) fn is_invisible(c: char) -> bool {
    match c {
        // Combining grapheme joiner; Hangul fillers; Khmer inherent vowels; a note without a head.
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{3164}' | '\u{ffa0}' | '\u{1d159}' => true,
        // Variation selectors.
        '\u{fe00}'..='\u{fe0f}' => true,
        // Left free by Unicode for invisible characters to come; tags; more variation selectors.
        '\u{2065}' | '\u{fff0}'..='\u{fff8}' | '\u{e0000}'..='\u{e0fff}' => true,
        // Signs of Arabic, Syriac and Kaithi that enclose the digits after them; layout of hieroglyphs.
        '\u{600}'..='\u{605}' | '\u{6dd}' | '\u{70f}' | '\u{890}' | '\u{891}' | '\u{8e2}' => false,
        '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1345f}' => false,
        _ => !c.is_ascii() && c.general_category() == GeneralCategory::Format,
    }
}

/// Whether it is a letter or mark of a script that writes words with joiners: Arabic and its kin, the scripts of India,
/// Myanmar, Cambodia, Mongolian.
pub(super) fn takes_joiners(c: char) -> bool {
    let in_script = matches!(c,
        '\u{600}'..='\u{dff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{18af}' | '\u{a840}'..='\u{a8ff}'
        | '\u{fb50}'..='\u{fdff}' | '\u{fe70}'..='\u{fefe}' | '\u{11000}'..='\u{11fff}');
    in_script && matches!(c.general_category_group(), GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark)
}

/// Whether a reader sees anything of it when it stands alone.
pub(super) fn is_seen(c: char) -> bool {
    // The blank pattern of Braille is drawn as nothing.
    !(c.is_whitespace() || c == '\u{2800}' || is_invisible(c) || matches!(c, ZWJ | ZWNJ | DOTTED_CIRCLE) || is_mark(c))
}

/// Whether it means something only by what stands on both of its sides.
pub(super) fn needs_neighbour(c: char) -> bool {
    matches!(c, ZWJ | ZWNJ | '\u{fe00}'..='\u{fe0f}' | '\u{e0000}'..='\u{e007f}')
}

/// What a mark without a base is drawn on.
pub(super) const DOTTED_CIRCLE: char = '◌';

/// What follows a black flag to make it the flag of England, of Scotland or of Wales.
pub(super) const FLAG_TAGS: [&str; 3] = [
    "\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
    "\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
    "\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}",
];
