//! The vector store suite on `pgvector`.

use conformance_tests::backends::PgvectorHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "pgvector", harness: PgvectorHarness, xfail: [] }
