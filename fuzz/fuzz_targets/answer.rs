//! The reading of a language model's answer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| mem0_core::answer::fuzz_answer(data));
