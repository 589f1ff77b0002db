#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| chatroom_fuzzed::storm::check(data));
