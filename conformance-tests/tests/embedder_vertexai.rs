//! The embedder suite on `vertexai`, over a fake.

use conformance_tests::backends::RemoteEmbedder;
use conformance_tests::fakes::embed_vertexai::VertexAi;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "vertexai", harness: RemoteEmbedder<VertexAi>, xfail: [] }
