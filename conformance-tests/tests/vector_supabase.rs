//! The vector store suite on `supabase`: PostgreSQL behind a pooler in
//! transaction mode.

use conformance_tests::backends::SupabaseHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "supabase", harness: SupabaseHarness, xfail: [] }
