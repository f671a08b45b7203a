//! The embedder suite on `cohere`, over a fake.

use conformance_tests::backends::RemoteEmbedder;
use conformance_tests::fakes::embed_cohere::Cohere;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "cohere", harness: RemoteEmbedder<Cohere>, xfail: [] }
