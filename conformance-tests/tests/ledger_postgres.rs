//! The ledger suite on `postgres`.

use conformance_tests::backends::PostgresHarness;
use conformance_tests::{LedgerHarness, ledger_suite};

ledger_suite! { name: "postgres", harness: PostgresHarness, xfail: [] }
