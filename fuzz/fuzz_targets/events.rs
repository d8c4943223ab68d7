#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| cqlwire_fuzz::events::run(data));
