//! The vector store suite on `sqlite`.

use conformance_tests::backends::SqliteHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "sqlite", harness: SqliteHarness, xfail: [] }
