//! The reranker suite on `cohere`, over a fake.

use conformance_tests::backends::RemoteReranker;
use conformance_tests::fakes::rerank_cohere::Cohere;
use conformance_tests::{RerankerHarness, reranker_suite};

reranker_suite! { name: "cohere", harness: RemoteReranker<Cohere>, xfail: [] }
