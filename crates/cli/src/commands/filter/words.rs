//! Words as people keep them: a file with one on each line.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// More than any list of words; a wrong path may be a whole film.
const FILE_MAX: u64 = 256 << 20;

/// Services take bodies of 64 KiB at least; the words of a batch stay below, with room for what stands around them.
const BATCH_BYTES: usize = 32 << 10;
/// And not more words than this, so that no call takes long.
const BATCH_WORDS: usize = 1_000;

/// The words of a file, or of stdin for `-`.
///
/// # Errors
/// When it can't be read, is too large, or no UTF-8; then it says which line is not.
pub(super) fn of_file(path: &Path) -> io::Result<Vec<String>> {
    if path == Path::new("-") { read(io::stdin().lock()) } else { read(File::open(path)?) }
}

fn read(source: impl Read) -> io::Result<Vec<String>> {
    let mut bytes = Vec::new();
    source.take(FILE_MAX + 1).read_to_end(&mut bytes)?;
    let invalid = |problem: String| io::Error::new(io::ErrorKind::InvalidData, problem);
    if bytes.len() as u64 > FILE_MAX {
        return Err(invalid(format!("it is larger than {} MiB", FILE_MAX >> 20)));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = good.split(|byte| *byte == b'\n').count();
        invalid(format!("line {line} is not UTF-8"))
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    Ok(text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect())
}

/// The words in batches, each of which fits into one call.
pub(super) fn batches(words: &[String]) -> impl Iterator<Item = &[String]> {
    let mut left = words;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fits = |word: &&String| {
            bytes += size(word);
            bytes <= BATCH_BYTES
        };
        let length = left.iter().take(BATCH_WORDS).take_while(fits).count();
        // A word that alone is too long goes alone: the service says what is wrong with it.
        let (batch, rest) = left.split_at_checked(length.max(1))?;
        left = rest;
        Some(batch)
    })
}

/// How many bytes a word takes as JSON, with its comma.
fn size(word: &str) -> usize {
    serde_json::Value::from(word).to_string().len() + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_may_come_from_any_system() {
        let file = "\u{feff}boo\r\n\r\n  go home \n\nいや\nlast".as_bytes();
        assert_eq!(read(file).unwrap(), ["boo", "go home", "いや", "last"]);
        assert!(read(&b""[..]).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_text_is_refused_with_its_line() {
        assert_eq!(read(&b"one\ntwo\ncaf\xe9\n"[..]).unwrap_err().to_string(), "line 3 is not UTF-8");
    }

    #[test]
    fn batches_hold_every_word_once_and_in_order_and_are_small() {
        let many: Vec<String> = (0..10_000).map(|number| format!("word {number}")).collect();
        let long: Vec<String> = (0..50).map(|number| format!("\"{number}\"").repeat(500)).collect();
        for words in [many, long] {
            let split: Vec<&[String]> = batches(&words).collect();
            assert_eq!(split.concat(), words);
            for batch in split {
                let bytes: usize = batch.iter().map(|word| size(word)).sum();
                assert!(batch.len() <= BATCH_WORDS && bytes <= BATCH_BYTES, "{} words, {bytes} bytes", batch.len());
            }
        }
    }

    #[test]
    fn a_word_that_is_too_long_for_a_batch_goes_alone() {
        let words = ["a".to_owned(), "b".repeat(BATCH_BYTES), "c".to_owned()];
        let lengths: Vec<usize> = batches(&words).map(<[String]>::len).collect();
        assert_eq!(lengths, [1, 1, 1]);
        assert_eq!(batches(&[]).count(), 0);
    }
}
