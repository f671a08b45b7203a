//! The vector store suite on `redis`.

use conformance_tests::backends::RedisHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "redis", harness: RedisHarness, xfail: [] }
