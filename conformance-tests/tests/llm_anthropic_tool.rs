//! The language model suite on `anthropic` with an older model.

use conformance_tests::backends::AnthropicToolHarness;
use conformance_tests::{LlmHarness, llm_suite};

llm_suite! { name: "anthropic_tool", harness: AnthropicToolHarness, xfail: [] }
