//! The names that a mistyped one may have meant.

use strsim::levenshtein;

/// The known name nearest to `word`, if one comes near.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    known
        .into_iter()
        .map(|name| {
            let part = word.len() > 2 && (name.starts_with(word.as_str()) || word.starts_with(name));
            (if part { 1 } else { levenshtein(&word, &name.to_lowercase()) }, name)
        })
        .filter(|(distance, name)| *distance <= 1 + name.len() / 3)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised_and_another_word_is_not() {
        let known = ["api", "token_file", "ca_file", "name"];
        for (word, meant) in
            [("tokenfile", Some("token_file")), ("token", Some("token_file")), ("nmae", Some("name")), ("colour", None)]
        {
            assert_eq!(nearest(word, known), meant, "{word}");
        }
    }
}
