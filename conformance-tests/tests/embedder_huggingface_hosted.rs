//! The embedder suite on `huggingface_hosted`, over a fake.

use conformance_tests::backends::RemoteEmbedder;
use conformance_tests::fakes::embed_huggingface::Hosted;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "huggingface_hosted", harness: RemoteEmbedder<Hosted>, xfail: [] }
