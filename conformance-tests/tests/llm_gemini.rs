//! The language model suite on `gemini`.

use conformance_tests::backends::GeminiHarness;
use conformance_tests::{LlmHarness, llm_suite};

llm_suite! { name: "gemini", harness: GeminiHarness, xfail: [] }
