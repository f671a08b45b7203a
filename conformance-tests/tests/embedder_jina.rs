//! The embedder suite on `jina`, over a fake.

use conformance_tests::backends::RemoteEmbedder;
use conformance_tests::fakes::embed_jina::Jina;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "jina", harness: RemoteEmbedder<Jina>, xfail: [] }
