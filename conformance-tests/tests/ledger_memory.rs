//! The ledger suite on `memory`.

use conformance_tests::backends::MemoryHarness;
use conformance_tests::{LedgerHarness, ledger_suite};

ledger_suite! { name: "memory", harness: MemoryHarness, xfail: [] }
