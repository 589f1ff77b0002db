//! The binary as its users run it, against servers, clients and brokers of others. `cargo xtask test` installs these.
//!
//! - [`bad_input`]: what is refused, with which words and which exit code
//! - [`demo`]: the first command of a newcomer, and how the long-running ones end
//! - [`foreign_broker`]: `tail` and `send` against brokers that others wrote
//! - [`interop_mqttjs`], [`interop_paho`]: the reference sample, on two libraries, against `serve`
//! - [`restart`]: a server that is killed in the middle of a conversation
//! - [`secrets`]: nothing that is written holds a secret
//! - [`support`]: what they share
#![forbid(unsafe_code)]

mod bad_input;
mod demo;
mod foreign_broker;
mod interop_mqttjs;
mod interop_paho;
mod restart;
mod secrets;
mod support;
