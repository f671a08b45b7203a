//! The vector store suite on `elasticsearch` with vectors of one byte a number, searched by the graph.

use conformance_tests::backends::ElasticsearchInt8Harness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "elasticsearch_int8", harness: ElasticsearchInt8Harness, xfail: [] }
