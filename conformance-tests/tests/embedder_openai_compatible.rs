//! The embedder suite on `openai_compatible`, over a fake.

use conformance_tests::backends::RemoteEmbedder;
use conformance_tests::fakes::embed_openai::Compatible;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "openai_compatible", harness: RemoteEmbedder<Compatible>, xfail: [] }
