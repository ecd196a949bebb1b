#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| idform_fuzz::oracles::key_sets(data));
