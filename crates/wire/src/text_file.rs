//! Text files as editors of every system write them.

use std::borrow::Cow;

/// The byte order mark that some editors put before UTF-8.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// The bytes without byte order marks: at the start, and at the start of a line, where files were put together.
///
/// ```
/// use chatroom_wire::text_file::without_bom;
///
/// assert_eq!(without_bom(b"\xef\xbb\xbfone\n\xef\xbb\xbftwo").as_ref(), b"one\ntwo");
/// ```
pub fn without_bom(bytes: &[u8]) -> Cow<'_, [u8]> {
    let lines = || bytes.split_inclusive(|byte| *byte == b'\n');
    if !lines().any(|line| line.starts_with(BOM)) {
        return Cow::Borrowed(bytes);
    }
    lines().flat_map(|line| line.strip_prefix(BOM).unwrap_or(line)).copied().collect()
}
