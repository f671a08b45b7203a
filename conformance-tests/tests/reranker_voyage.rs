//! The reranker suite on `voyage`, over a fake.

use conformance_tests::backends::RemoteReranker;
use conformance_tests::fakes::rerank_voyage::Voyage;
use conformance_tests::{RerankerHarness, reranker_suite};

reranker_suite! { name: "voyage", harness: RemoteReranker<Voyage>, xfail: [] }
