//! The language model suite on `deepseek`.

use conformance_tests::backends::openai::DeepSeekHarness;
use conformance_tests::{LlmHarness, llm_suite};

llm_suite! { name: "deepseek", harness: DeepSeekHarness, xfail: [] }
