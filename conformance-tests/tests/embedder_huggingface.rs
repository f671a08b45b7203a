//! The embedder suite on `huggingface`, over a fake.

use conformance_tests::backends::RemoteEmbedder;
use conformance_tests::fakes::embed_huggingface::Tei;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "huggingface", harness: RemoteEmbedder<Tei>, xfail: [] }
