//! The word filter: which texts are the words of a dictionary (docs/protocol.md, section C.5).
//!
//! A text is filtered when the whole of it is a pattern, whatever its case, its width, or what is invisible in it. So a
//! look into a hash set is all it takes, however many patterns there are; a word inside a text is no match.
//!
//! - [`fold()`]: the form in which texts and patterns are compared
//! - [`lexicon`]: all dictionaries in that form, in memory, shared by all rooms
//! - [`kept`]: the dictionaries in the store, each change in force before it is answered

mod fold;
pub mod kept;
pub mod lexicon;

pub use fold::{fold, perceived};
pub use kept::InForce;
pub use lexicon::Lexicon;
