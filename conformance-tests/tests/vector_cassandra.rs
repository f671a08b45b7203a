//! The vector store suite on `cassandra`.

use conformance_tests::backends::CassandraHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "cassandra", harness: CassandraHarness, xfail: [] }
