//! The language model suite on `xai`.

use conformance_tests::backends::openai::XaiHarness;
use conformance_tests::{LlmHarness, llm_suite};

llm_suite! { name: "xai", harness: XaiHarness, xfail: [] }
