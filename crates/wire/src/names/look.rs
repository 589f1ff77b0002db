//! What a name looks like, as far as that decides whom it is taken for.

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory as _};
use unicode_security::{
    MixedScript as _, RestrictionLevel, RestrictionLevelDetection as _, confusable_detection::skeleton,
};

/// The skeletons of a name: as it stands, in small letters, in capitals. `I` is like `l`, and `i` is not.
#[derive(Debug, Clone)]
pub(super) struct Look {
    folded: [String; 3],
    keys: [String; 3],
}

impl Look {
    pub(super) fn of(name: &str) -> Self {
        let name: String = name.nfkc().collect();
        let folded = [fold(&name), fold(&name.to_lowercase()), fold(&name.to_uppercase())];
        let keys = std::array::from_fn(|form| key(&folded[form]));
        Self { folded, keys }
    }

    /// The different keys, none of them empty.
    pub(super) fn into_keys(self) -> Vec<String> {
        let mut keys: Vec<String> = self.keys.into_iter().filter(|key| !key.is_empty()).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Whether a reader may take it for the other.
    pub(super) fn is_taken_for(&self, other: &Self) -> bool {
        let is_like = |key: &String| !key.is_empty() && other.keys.contains(key);
        self.folded.iter().zip(&self.keys).any(|(folded, whole)| {
            // `@Noor: hello: ` reads as if Noor said hello.
            is_like(whole) || folded.match_indices(':').any(|(end, _)| is_like(&key(&folded[..end])))
        })
    }

    /// Whether one of its words is taken for one of these.
    pub(super) fn has_word_of(&self, words: &[Self]) -> bool {
        let mut parts = self.folded.iter().flat_map(|folded| folded.split(|c| !is_part_of_word(c)));
        parts.any(|part| words.iter().any(|word| word.keys.iter().any(|key| key == part)))
    }
}

/// Whether it is neither of one script nor a mix that is usual (Latin with Chinese, Japanese or Korean).
pub(super) fn mixes_scripts(name: &str) -> bool {
    let letters: String = name.chars().filter(|c| is_part_of_word(*c)).collect();
    !letters.is_single_script() && letters.detect_restriction_level() > RestrictionLevel::HighlyRestrictive
}

/// The skeleton without case: some letters have a capital for their skeleton.
fn fold(name: &str) -> String {
    skeleton(name).collect::<String>().to_lowercase()
}

/// What is compared: letters, digits and their marks; all that is seen where there is none of these.
fn key(folded: &str) -> String {
    let key: String = folded.chars().filter(|c| is_part_of_word(*c)).collect();
    if key.is_empty() { folded.chars().filter(|c| !c.is_whitespace()).collect() } else { key }
}

fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || (!c.is_ascii() && c.general_category_group() == GeneralCategoryGroup::Mark)
}
