//! The embedder suite on `voyage`, over a fake.

use conformance_tests::backends::RemoteEmbedder;
use conformance_tests::fakes::embed_voyage::Voyage;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "voyage", harness: RemoteEmbedder<Voyage>, xfail: [] }
