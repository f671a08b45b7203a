//! The embedder suite on `together`, over a fake.

use conformance_tests::backends::RemoteEmbedder;
use conformance_tests::fakes::embed_openai::Together;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "together", harness: RemoteEmbedder<Together>, xfail: [] }
