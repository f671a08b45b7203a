//! The vector store suite on `supabase` over HTTP: the shipped functions run on
//! a real PostgreSQL behind a stand-in for PostgREST.

use conformance_tests::backends::SupabaseRestHarness;
use conformance_tests::{VectorHarness, vector_store_suite};

vector_store_suite! { name: "supabase", harness: SupabaseRestHarness, xfail: [] }
