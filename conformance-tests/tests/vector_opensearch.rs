//! The vector store suite on `opensearch`.

use conformance_tests::backends::OpenSearchHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "opensearch", harness: OpenSearchHarness, xfail: [] }
