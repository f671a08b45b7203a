//! The reranker suite on `huggingface`, over a fake.

use conformance_tests::backends::RemoteReranker;
use conformance_tests::fakes::rerank_huggingface::Tei;
use conformance_tests::{RerankerHarness, reranker_suite};

reranker_suite! { name: "huggingface", harness: RemoteReranker<Tei>, xfail: [] }
