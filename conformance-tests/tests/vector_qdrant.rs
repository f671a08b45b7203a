//! The vector store suite on `qdrant`.

use conformance_tests::backends::QdrantHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "qdrant", harness: QdrantHarness, xfail: [] }
