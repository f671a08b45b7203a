//! The vector store suite on `valkey`.

use conformance_tests::backends::ValkeyHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "valkey", harness: ValkeyHarness, xfail: [] }
