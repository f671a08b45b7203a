//! The vector store suite on `memory`.

use conformance_tests::backends::MemoryHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "memory", harness: MemoryHarness, xfail: [] }
