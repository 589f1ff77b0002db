//! The chatroom's wire types and their JSON: no IO, no clock.
#![forbid(unsafe_code)]
