//! The embedder suite on `openai`, over a fake.

use conformance_tests::backends::RemoteEmbedder;
use conformance_tests::fakes::embed_openai::OpenAi;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "openai", harness: RemoteEmbedder<OpenAi>, xfail: [] }
