//! The reranker suite on the one without a model.

use conformance_tests::backends::MemoryHarness;
use conformance_tests::{RerankerHarness, reranker_suite};

reranker_suite! { name: "words", harness: MemoryHarness, xfail: [] }
