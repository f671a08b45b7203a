//! The vector store suite on `elasticsearch`.

use conformance_tests::backends::ElasticsearchHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "elasticsearch", harness: ElasticsearchHarness, xfail: [] }
