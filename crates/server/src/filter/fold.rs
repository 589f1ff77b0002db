//! The form in which texts and patterns are compared.

use std::borrow::Cow;

use icu_casemap::{CaseMapper, CaseMapperBorrowed};
use icu_normalizer::{
    ComposingNormalizer, ComposingNormalizerBorrowed, DecomposingNormalizer, DecomposingNormalizerBorrowed,
};
use icu_properties::{CodePointSetData, CodePointSetDataBorrowed, props::DefaultIgnorableCodePoint};

// ICU4X is the Unicode consortium's own: normalization, case and properties come from one version of Unicode, and all
// but the case folding is linked into the program anyway, by the names of hosts.
const CASES: CaseMapperBorrowed<'static> = CaseMapper::new();
const NFD: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizer::new_nfd();
const NFKC: ComposingNormalizerBorrowed<'static> = ComposingNormalizer::new_nfkc();
const IGNORABLE: CodePointSetDataBorrowed<'static> = CodePointSetData::new::<DefaultIgnorableCodePoint>();

/// Folds a text: without space around it, in Unicode's `NFKC_Casefold`. Two texts are the same to the filter if they
/// fold to the same. Folding again changes nothing.
///
/// ```
/// use chatroom_server::filter::fold;
///
/// assert_eq!(fold("  Ｓｐａ\u{200b}ｍ "), "spam");
/// assert_eq!(fold("STRASSE"), fold("Straße"));
/// ```
pub fn fold(text: &str) -> String {
    folded(text).into_owned()
}

/// What a reader sees of a name or a short text: folded, and with single spaces.
///
/// ```
/// use chatroom_server::filter::perceived;
///
/// assert_eq!(perceived(" Ｗith  Milk\u{200b}"), "with milk");
/// ```
pub fn perceived(text: &str) -> String {
    fold(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The same, without a copy where the text is as it should be.
pub(super) fn folded(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        let text = text.trim();
        return if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(text.to_ascii_lowercase())
        } else {
            Cow::Borrowed(text)
        };
    }
    // What is ignorable goes first, since it keeps marks from being put in order.
    let seen = if text.chars().any(is_ignorable) {
        Cow::Owned(text.chars().filter(|c| !is_ignorable(*c)).collect())
    } else {
        Cow::Borrowed(text)
    };
    // An iota subscript is put in order before it is folded, since then it is no mark any more.
    let ordered = if seen.chars().any(has_iota) { NFD.normalize(&seen) } else { Cow::Borrowed(seen.as_ref()) };
    let once = CASES.fold_string(&ordered);
    // Normalizing may bring capitals forth, and folding those what is not normal (section 3.13 of the Unicode standard).
    let whole = match NFKC.normalize(&once) {
        Cow::Borrowed(_) => once,
        Cow::Owned(normal) => Cow::Owned(NFKC.normalize(&CASES.fold_string(&normal)).into_owned()),
    };
    // Trimmed last: spaces come to light when what is ignorable around them goes, or out of a mark's decomposition.
    Cow::Owned(whole.trim().to_owned())
}

fn is_ignorable(c: char) -> bool {
    // The first one is the soft hyphen.
    c >= '\u{ad}' && IGNORABLE.contains(c)
}

/// Whether a character is an iota subscript, or stands in the block of those that hold one.
fn has_iota(c: char) -> bool {
    matches!(c, '\u{345}' | '\u{1f80}'..='\u{1fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_reads_alike_folds_alike() {
        for (text, wanted) in [
            ("spam", "spam"),
            (" \t SPAM\r\n", "spam"),
            ("two  words", "two  words"),
            ("ＳＰＡＭ", "spam"),
            ("\u{3000}ｓｐａｍ\u{3000}", "spam"),
            ("ｶﾞ", "ガ"),
            ("ﬁsh", "fish"),
            ("①②", "12"),
            ("㎏", "kg"),
            ("K\u{212a}Å", "kkå"),
            ("Straße", "strasse"),
            ("STRAẞE", "strasse"),
            ("İstanbul", "i\u{307}stanbul"),
            ("ısı", "ısı"),
            ("ΣΊΣΥΦΟΣ", "σίσυφοσ"),
            ("Σίσυφος", "σίσυφοσ"),
            ("ᾼ", "αι"),
            ("Ӂ", "ӂ"),
            ("ꭰ", "Ꭰ"),
            ("s\u{200b}p\u{200d}a\u{2060}m\u{feff}", "spam"),
            ("\u{200b} spam \u{200e}", "spam"),
            ("s\u{ad}pam\u{fe0f}", "spam"),
            ("spa\u{e0020}m", "spam"),
            ("cafe\u{301}", "café"),
            ("a\u{301}\u{323}", "ạ\u{301}"),
            ("a\u{323}\u{34f}\u{301}", "ạ\u{301}"),
            ("\u{1112}\u{1161}\u{11ab}", "한"),
            ("ㅎ", "\u{1112}"),
            ("👩\u{200d}💻", "👩💻"),
            ("\u{a8}", "\u{308}"),
            ("\u{a0}\u{2003}", ""),
            ("\u{200b}", ""),
            ("", ""),
        ] {
            assert_eq!(fold(text), wanted, "{text:?}");
        }
    }

    #[test]
    fn what_reads_otherwise_folds_otherwise() {
        for (one, other) in
            [("spam", "sp am"), ("spam", "spam!"), ("ı", "i"), ("а", "a"), ("resume", "résumé"), ("が", "か")]
        {
            assert_ne!(fold(one), fold(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn every_character_is_folded_by_the_book_and_once_and_for_all() {
        // The planes of letters, the ideographs that are doubles of others, and the tags.
        for c in ('\0'..='\u{1ffff}').chain('\u{2f800}'..='\u{2fa1f}').chain('\u{e0000}'..='\u{e0fff}') {
            let text = c.to_string();
            let once = fold(&text);
            assert_eq!(once, by_the_book(&text), "{c:?}");
            assert_eq!(fold(&once), once, "{c:?}");
            assert!(!once.chars().any(|c| IGNORABLE.contains(c)), "{c:?}");
            let upper: String = c.to_uppercase().collect();
            if upper.chars().flat_map(char::to_lowercase).eq([c]) {
                assert_eq!(fold(&upper), once, "{c:?}");
            }
        }
    }

    /// Compatibility caseless matching as the standard writes it (section 3.13, D147), for what is not ignorable.
    fn by_the_book(text: &str) -> String {
        let seen: String = text.chars().filter(|c| !IGNORABLE.contains(*c)).collect();
        let once = CASES.fold_string(&NFD.normalize(&seen)).into_owned();
        let twice = CASES.fold_string(&NFKC.normalize(&once)).into_owned();
        NFKC.normalize(&twice).trim().to_owned()
    }

    #[test]
    fn the_short_way_for_ascii_leads_to_the_same() {
        for c in '\0'..='\u{7f}' {
            let alone = fold(c.encode_utf8(&mut [0; 4]));
            assert_eq!(fold(&format!("{c}\u{200b}")), alone, "{c:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_folded_by_the_book_and_once_and_for_all(text in any::<String>()) {
            let once = fold(&text);
            prop_assert_eq!(&once, &by_the_book(&text));
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn marks_and_letters_in_any_order_are_folded_by_the_book_and_once_and_for_all(
            text in "[\u{300}-\u{345}\u{34f}\u{5b0}-\u{5bd}\u{1100}-\u{11ff}\u{3099}\u{200b}-\u{200f}A-Za-zΑ-ω\u{1f80}-\u{1faf}ﬀ-ﬆ ]{0,12}"
        ) {
            let once = fold(&text);
            prop_assert_eq!(&once, &by_the_book(&text));
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn space_and_what_is_invisible_around_a_text_is_nothing(text in any::<String>(), around in "[ \t\u{200b}\u{3000}\u{feff}]{0,4}") {
            // A mark at the start would stand on the space before it, a jamo would join nothing.
            let text = format!("x{text}");
            prop_assert_eq!(fold(&format!("{around}{text}{around}")), fold(&text));
        }
    }
}
