//! The language model suite on `cohere`.

use conformance_tests::backends::CohereHarness;
use conformance_tests::{LlmHarness, llm_suite};

llm_suite! { name: "cohere", harness: CohereHarness, xfail: [] }
