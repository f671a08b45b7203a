//! The embedder suite on `hash`.

use conformance_tests::backends::MemoryHarness;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "hash", harness: MemoryHarness, xfail: [] }
