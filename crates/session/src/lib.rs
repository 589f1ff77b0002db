//! The chatroom client's core: one room, one user, every rule; no IO, no clock.
#![forbid(unsafe_code)]
