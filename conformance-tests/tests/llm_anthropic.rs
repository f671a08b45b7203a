//! The language model suite on `anthropic`.

use conformance_tests::backends::AnthropicHarness;
use conformance_tests::{LlmHarness, llm_suite};

llm_suite! { name: "anthropic", harness: AnthropicHarness, xfail: [] }
