//! The vector store suite on `chroma`.

use conformance_tests::backends::ChromaHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "chroma", harness: ChromaHarness, xfail: [] }
