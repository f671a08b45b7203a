//! The reranker suite on `mmr` by words.

use conformance_tests::backends::MmrWordsHarness;
use conformance_tests::{RerankerHarness, reranker_suite};

reranker_suite! { name: "mmr_words", harness: MmrWordsHarness, xfail: [] }
