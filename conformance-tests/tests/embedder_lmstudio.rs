//! The embedder suite on `lmstudio`, over a fake.

use conformance_tests::backends::RemoteEmbedder;
use conformance_tests::fakes::embed_openai::LmStudio;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "lmstudio", harness: RemoteEmbedder<LmStudio>, xfail: [] }
