//! The vector store suite on `sqlite` with graphs over all but the smallest scopes.

use conformance_tests::backends::SqliteGraphHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "sqlite_graph", harness: SqliteGraphHarness, xfail: [] }
