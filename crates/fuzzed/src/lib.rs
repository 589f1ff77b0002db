//! What must hold for any bytes at all. Each function here is the body of a fuzz target: it takes bytes, and panics if
//! they break a promise (round trips, bounds of output and of memory, one end and nothing after it).
//!
//! A fuzzer explores with them (`fuzz/`, nightly), and the tests of this crate replay what it has found and what is known
//! to be hostile (`fuzz/corpus/`) with any toolchain. docs/fuzzing.md says how.
//!
//! - [`envelope`]: an MQTT payload, and all else that is read from JSON
//! - [`mqtt_client`], [`mqtt_server`]: a stream of MQTT bytes, as each side reads it; `link`: how it is cut
//! - [`user_name`]: the credentials in the MQTT user name
//! - [`token`]: what a token says, and whether the server believes it
//! - [`safe_text`]: strangers' text before it is shown
//! - [`storm`]: a session core, steered by the bytes through links, calls, disks and clocks
//! - [`cost`]: how much memory that took
#![forbid(unsafe_code)]

mod bytes_in;
pub mod cost;
pub mod envelope;
mod link;
pub mod mqtt_client;
pub mod mqtt_server;
pub mod safe_text;
pub mod storm;
pub mod token;
pub mod user_name;

/// The body of a fuzz target.
pub type Target = fn(&[u8]);

/// Every target, by the name of its folder in `fuzz/corpus` and of its program in `fuzz/fuzz_targets`.
pub const TARGETS: [(&str, Target); 7] = [
    ("envelope", envelope::check),
    ("mqtt_client", mqtt_client::check),
    ("mqtt_server", mqtt_server::check),
    ("safe_text", safe_text::check),
    ("storm", storm::check),
    ("token", token::check),
    ("user_name", user_name::check),
];
