//! Parts for Chatroom's own tests: relays, scripted endpoints, processes.
#![forbid(unsafe_code)]
