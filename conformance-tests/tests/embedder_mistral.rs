//! The embedder suite on `mistral`, over a fake.

use conformance_tests::backends::RemoteEmbedder;
use conformance_tests::fakes::embed_openai::Mistral;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "mistral", harness: RemoteEmbedder<Mistral>, xfail: [] }
