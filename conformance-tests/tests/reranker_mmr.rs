//! The reranker suite on `mmr` by vectors.

use conformance_tests::backends::MmrHarness;
use conformance_tests::{RerankerHarness, reranker_suite};

reranker_suite! { name: "mmr", harness: MmrHarness, xfail: [] }
