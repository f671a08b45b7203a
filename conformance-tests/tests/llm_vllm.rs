//! The language model suite on `vllm`.

use conformance_tests::backends::openai::VllmHarness;
use conformance_tests::{LlmHarness, llm_suite};

llm_suite! { name: "vllm", harness: VllmHarness, xfail: [] }
