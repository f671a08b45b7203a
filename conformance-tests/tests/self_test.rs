//! The suites are tested themselves: on backends that break one rule each, the
//! cases of that rule must fail, and on honest ones all must pass.

#[path = "broken/mod.rs"]
mod broken;

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::process::ExitCode;
use std::sync::Arc;

use broken::{embedder, ledger, llm, reranker, vector};
use conformance_tests::suite::{Family, run_case};
use conformance_tests::{EmbedderFamily, LedgerFamily, LlmFamily, RerankerFamily, Stop, VectorFamily, rules};
use libtest_mimic::{Arguments, Failed, Trial};
use tokio::runtime::{Builder, Runtime};

/// Rules that no fault here can break, with the reason.
const EXCEPTIONS: &[(&str, u16, &str)] =
    &[("vector", 38, "what is broken here has no server; that the proxy counts right is tested beside it")];

fn runtime() -> Result<Runtime, Failed> {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(Failed::from)
}

/// Whether one case of the rule finds what is broken.
fn finds<F: Family>(fault: impl Debug, rule: u16, harness: Arc<F::Harness>) -> Result<(), Failed> {
    let runtime = runtime()?;
    let mut passed = Vec::new();
    for case in F::cases().into_iter().filter(|case| case.rule == rule) {
        if let Err(Stop::Failed(_)) = runtime.block_on(run_case::<F>(&harness, case)) {
            return Ok(());
        }
        passed.push(case.name);
    }
    Err(format!("no case of rule {rule} finds {fault:?}; these were run: {passed:?}").into())
}

/// Whether an honest backend passes every case.
fn passes<F: Family>(harness: Arc<F::Harness>) -> Result<(), Failed> {
    let runtime = runtime()?;
    for case in F::cases() {
        if let Err(Stop::Failed(what)) = runtime.block_on(run_case::<F>(&harness, case)) {
            return Err(format!("{} fails on an honest backend: {what}", case.name).into());
        }
    }
    Ok(())
}

/// Whether every rule has a fault, or a reason why it has none.
fn covered<F: Family>(family: &str, faults: impl Iterator<Item = u16>) -> Result<(), Failed> {
    let mut covered: BTreeSet<u16> = faults.collect();
    covered.extend(EXCEPTIONS.iter().filter(|(of, _, _)| *of == family).map(|(_, rule, _)| *rule));
    let missing: Vec<_> = rules::parse(F::RULES).into_keys().filter(|rule| !covered.contains(rule)).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("{family}: rules without a fault: {missing:?}").into()) }
}

fn trials() -> Vec<Trial> {
    let mut trials = vec![
        Trial::test("vector_every_rule_has_a_fault", || {
            covered::<VectorFamily>("vector", vector::FAULTS.iter().map(|(rule, _)| *rule))
        }),
        Trial::test("ledger_every_rule_has_a_fault", || {
            covered::<LedgerFamily>("ledger", ledger::FAULTS.iter().map(|(rule, _)| *rule))
        }),
        Trial::test("embedder_every_rule_has_a_fault", || {
            covered::<EmbedderFamily>("embedder", embedder::FAULTS.iter().map(|(rule, _)| *rule))
        }),
        Trial::test("llm_every_rule_has_a_fault", || {
            covered::<LlmFamily>("llm", llm::FAULTS.iter().map(|(rule, _)| *rule))
        }),
        Trial::test("reranker_every_rule_has_a_fault", || {
            covered::<RerankerFamily>("reranker", reranker::FAULTS.iter().map(|(rule, _)| *rule))
        }),
        Trial::test("reranker_honest", || passes::<RerankerFamily>(Arc::new(reranker::BrokenHarness { fault: None }))),
        Trial::test("llm_honest", || passes::<LlmFamily>(Arc::new(llm::BrokenHarness { fault: None }))),
        Trial::test("ledger_honest", || passes::<LedgerFamily>(Arc::new(ledger::BrokenHarness::new(None)))),
        Trial::test("embedder_honest", || passes::<EmbedderFamily>(Arc::new(embedder::BrokenHarness { fault: None }))),
    ];
    for &variant in vector::VARIANTS {
        trials.push(Trial::test(format!("vector_honest_{variant:?}"), move || {
            passes::<VectorFamily>(Arc::new(vector::BrokenHarness::new(vector::Kind { variant, fault: None })))
        }));
    }
    for &(rule, fault) in vector::FAULTS {
        let kind = vector::Kind { variant: vector::Variant::Full, fault: Some(fault) };
        trials.push(Trial::test(format!("vector_r{rule}_{fault:?}"), move || {
            finds::<VectorFamily>(fault, rule, Arc::new(vector::BrokenHarness::new(kind)))
        }));
    }
    for &(rule, fault) in ledger::FAULTS {
        trials.push(Trial::test(format!("ledger_r{rule}_{fault:?}"), move || {
            finds::<LedgerFamily>(fault, rule, Arc::new(ledger::BrokenHarness::new(Some(fault))))
        }));
    }
    for &(rule, fault) in embedder::FAULTS {
        trials.push(Trial::test(format!("embedder_r{rule}_{fault:?}"), move || {
            finds::<EmbedderFamily>(fault, rule, Arc::new(embedder::BrokenHarness { fault: Some(fault) }))
        }));
    }
    for &(rule, fault) in reranker::FAULTS {
        trials.push(Trial::test(format!("reranker_r{rule}_{fault:?}"), move || {
            finds::<RerankerFamily>(fault, rule, Arc::new(reranker::BrokenHarness { fault: Some(fault) }))
        }));
    }
    for &(rule, fault) in llm::FAULTS {
        trials.push(Trial::test(format!("llm_r{rule}_{fault:?}"), move || {
            finds::<LlmFamily>(fault, rule, Arc::new(llm::BrokenHarness { fault: Some(fault) }))
        }));
    }
    trials
}

fn main() -> ExitCode {
    libtest_mimic::run(&Arguments::from_args(), trials()).exit_code()
}
