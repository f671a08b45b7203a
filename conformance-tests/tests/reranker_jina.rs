//! The reranker suite on `jina`, over a fake.

use conformance_tests::backends::RemoteReranker;
use conformance_tests::fakes::rerank_jina::Jina;
use conformance_tests::{RerankerHarness, reranker_suite};

reranker_suite! { name: "jina", harness: RemoteReranker<Jina>, xfail: [] }
