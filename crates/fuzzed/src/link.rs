//! A stream of bytes as a link brings it: cut anywhere, once as told and once in one piece.

use crate::bytes_in::BytesIn;

/// A stream, and how it is cut.
pub(crate) struct Stream<'a> {
    /// What happens before the stream comes.
    pub(crate) before: u8,
    /// The size of each slice.
    slice: usize,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Stream<'a> {
    /// The first two bytes decide; all others are the stream.
    pub(crate) fn of(data: &'a [u8]) -> Self {
        let mut input = BytesIn(data);
        let (before, slice) = (input.byte(), usize::from(input.byte()) + 1);
        Self { before, slice, bytes: input.0 }
    }

    pub(crate) fn slices(&self) -> impl Iterator<Item = &'a [u8]> {
        self.bytes.chunks(self.slice)
    }
}
