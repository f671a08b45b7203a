//! The embedder suite on `gemini`, over a fake.

use conformance_tests::backends::RemoteEmbedder;
use conformance_tests::fakes::embed_gemini::Gemini;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "gemini", harness: RemoteEmbedder<Gemini>, xfail: [] }
