//! The vector store suite on `cassandra`, where the index is asked.

use conformance_tests::backends::CassandraIndexHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "cassandra", harness: CassandraIndexHarness, xfail: [] }
