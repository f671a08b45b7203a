//! The language model suite on `sarvam`.

use conformance_tests::backends::openai::SarvamHarness;
use conformance_tests::{LlmHarness, llm_suite};

llm_suite! { name: "sarvam", harness: SarvamHarness, xfail: [] }
