//! The vector store suite on `redis`, with vector sets.

use conformance_tests::backends::RedisVectorSetsHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "redis", harness: RedisVectorSetsHarness, xfail: [] }
