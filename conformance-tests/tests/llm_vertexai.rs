//! The language model suite on `vertexai`.

use conformance_tests::backends::VertexAiHarness;
use conformance_tests::{LlmHarness, llm_suite};

llm_suite! { name: "vertexai", harness: VertexAiHarness, xfail: [] }
