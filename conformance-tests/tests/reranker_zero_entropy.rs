//! The reranker suite on `zero_entropy`, over a fake.

use conformance_tests::backends::RemoteReranker;
use conformance_tests::fakes::rerank_zero_entropy::ZeroEntropy;
use conformance_tests::{RerankerHarness, reranker_suite};

reranker_suite! { name: "zero_entropy", harness: RemoteReranker<ZeroEntropy>, xfail: [] }
