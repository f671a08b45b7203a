//! The vector store suite on `milvus`, where every read waits for every write.
//! That is some 200 ms each, so the cases with hundreds of reads (rules 22, 25
//! and 30, and the random ones) need more time than a case has; the others pass.

use conformance_tests::backends::MilvusStrongHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "milvus", harness: MilvusStrongHarness, xfail: [] }
