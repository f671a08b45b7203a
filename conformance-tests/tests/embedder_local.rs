//! The embedder suite on `local`.

use conformance_tests::backends::LocalHarness;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "local", harness: LocalHarness, xfail: [] }
