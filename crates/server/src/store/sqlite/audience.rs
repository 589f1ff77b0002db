//! Who gets to see a message, as an integer. 2 is nobody: the message is deleted.

use crate::store::Audience;

/// Every one that a row may have.
pub(super) const ALL: [i64; 3] = [0, 1, 2];

/// An audience to be stored.
pub(super) fn stored(audience: Audience) -> i64 {
    match audience {
        Audience::Everyone => 0,
        Audience::Author => 1,
    }
}

/// An audience that was stored; whatever is not known is shown to as few as can be.
pub(super) fn read(audience: i64) -> Audience {
    if audience == 0 { Audience::Everyone } else { Audience::Author }
}
