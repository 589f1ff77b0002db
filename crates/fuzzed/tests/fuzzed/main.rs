//! What the fuzzer has found, and what is known to be hostile, against what must hold for any bytes.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a test that can not go on fails")]

mod hostile;
mod replay;
mod stage;
