//! The vector store suite on `milvus`.

use conformance_tests::backends::MilvusHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "milvus", harness: MilvusHarness, xfail: [] }
