//! The vector store suite on `milvus`, where reads see the writes of their own
//! handle.

use conformance_tests::backends::MilvusHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "milvus", harness: MilvusHarness, xfail: [] }
