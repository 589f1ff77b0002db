//! The binary as its users run it, against servers, clients and brokers of others. `cargo xtask test` installs these.
//!
//! - [`backup`]: what an operator sees
//! - [`bad_input`]: what is refused, with which words and which exit code
//! - [`behind_proxy`]: `serve` behind a proxy that terminates TLS
//! - [`demo`]: the first command of a newcomer, and how the long-running ones end
//! - [`endings`]: what ends the programs that stay, and what they leave behind
//! - [`evening`]: the page of a host's evening, command by command
//! - [`events`]: what happens besides texts, ids, and marks of names
//! - [`flood`]: a hundred thousand messages at once, and readers who stop
//! - [`foreign_broker`]: `tail` and `send` against brokers that others wrote
//! - [`hostile_text`]: what strangers write, in a terminal
//! - [`history`], [`rooms`], [`tokens`]: what calls do without a session
//! - [`interop_mqttjs`], [`interop_paho`]: the reference sample, on two libraries, against `serve`
//! - [`contract`]: the REST service against its own description
//! - [`kills`]: client and server are killed over and over, and nothing is lost
//! - [`long_history`]: a room with a hundred thousand messages
//! - [`outbox`]: messages that outlive the program
//! - [`party`]: a host's evening: everybody knows the room as the server does
//! - [`counters`]: what a room counts
//! - [`filters`]: words that are filtered
//! - [`moderation`]: a room that is kept in order
//! - [`polls`]: a question, and everybody's vote
//! - [`proxies`]: a service that is reached through an HTTP proxy
//! - [`readers`]: readers of the output who leave
//! - [`restart`]: a server that is killed in the middle of a conversation
//! - [`secrets`]: nothing that is written holds a secret
//! - [`sending`]: `send` in slow rooms, and without a history
//! - [`takeover`]: two programs with one client id
//! - [`waits`]: what ends the wait for the next attempt
//! - [`support`]: what they share
#![forbid(unsafe_code)]

mod backup;
mod bad_input;
mod behind_proxy;
mod contract;
mod counters;
mod demo;
#[cfg(unix)]
mod endings;
mod evening;
mod events;
mod filters;
#[cfg(target_os = "linux")]
mod flood;
mod foreign_broker;
mod history;
#[cfg(unix)]
mod hostile_text;
mod interop_mqttjs;
mod interop_paho;
mod kills;
mod local_profile;
mod long_history;
mod moderation;
mod operators;
mod outbox;
mod party;
mod polls;
mod proxies;
#[cfg(unix)]
mod readers;
mod restart;
mod rooms;
mod secrets;
mod sending;
mod support;
mod takeover;
mod tokens;
mod waits;
