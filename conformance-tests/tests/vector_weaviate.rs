//! The vector store suite on `weaviate`.

use conformance_tests::backends::WeaviateHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "weaviate", harness: WeaviateHarness, xfail: [] }
