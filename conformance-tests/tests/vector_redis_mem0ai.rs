//! The vector store suite on `redis` in the layout of the Python library.

use conformance_tests::backends::RedisMem0aiHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "redis_mem0ai", harness: RedisMem0aiHarness, xfail: [] }
