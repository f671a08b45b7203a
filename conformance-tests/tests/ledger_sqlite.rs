//! The ledger suite on `sqlite`.

use conformance_tests::backends::SqliteHarness;
use conformance_tests::{LedgerHarness, ledger_suite};

ledger_suite! { name: "sqlite", harness: SqliteHarness, xfail: [] }
