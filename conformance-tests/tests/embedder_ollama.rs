//! The embedder suite on `ollama`, over a fake.

use conformance_tests::backends::RemoteEmbedder;
use conformance_tests::fakes::embed_ollama::Ollama;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "ollama", harness: RemoteEmbedder<Ollama>, xfail: [] }
