//! Sessions in a virtual world: joining, losing the link, sending, hearing, tokens. No real clock, no network.
#![forbid(unsafe_code)]
#![allow(clippy::unwrap_used, clippy::unchecked_time_subtraction, reason = "a test fails by panicking")]
#![allow(missing_docs, reason = "a test's parts are described by its names")]

mod connection;
mod crowd;
mod dead_links;
mod ends;
mod handover;
mod hearing;
mod keeping;
mod pressing;
mod reads;
mod requests;
mod sending;
mod standing;
mod tokens;
mod world;
