//! The language model suite on `openai_tool`.

use conformance_tests::backends::openai::OpenAiToolHarness;
use conformance_tests::{LlmHarness, llm_suite};

llm_suite! { name: "openai_tool", harness: OpenAiToolHarness, xfail: [] }
