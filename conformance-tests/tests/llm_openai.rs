//! The language model suite on `openai`.

use conformance_tests::backends::openai::OpenAiHarness;
use conformance_tests::{LlmHarness, llm_suite};

llm_suite! { name: "openai", harness: OpenAiHarness, xfail: [] }
