//! The reranker suite on `llm`, over a scripted model.

use conformance_tests::backends::LlmRerankerHarness;
use conformance_tests::{RerankerHarness, reranker_suite};

reranker_suite! { name: "llm", harness: LlmRerankerHarness, xfail: [] }
