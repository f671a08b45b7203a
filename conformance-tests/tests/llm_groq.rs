//! The language model suite on `groq`.

use conformance_tests::backends::openai::GroqHarness;
use conformance_tests::{LlmHarness, llm_suite};

llm_suite! { name: "groq", harness: GroqHarness, xfail: [] }
