//! The vector store suite on `pgvector`, through its index.

use conformance_tests::backends::PgvectorIndexHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "pgvector", harness: PgvectorIndexHarness, xfail: [] }
