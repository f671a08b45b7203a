//! The `main` of a test target: one trial per case.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use tokio::runtime::{Builder, Runtime};

use crate::check::Stop;
use crate::harness::Setup;
use crate::settings;
use crate::suite::{Case, Family, completeness, run_case};

/// Which backend runs, and what of it is known to be wrong.
#[derive(Clone, Copy, Debug)]
pub struct Backend {
    /// The name that `MEM0_REQUIRE` uses.
    pub name: &'static str,
    /// Cases that are known to fail, with the reason. One that passes is a
    /// failure, so that the list stays true.
    pub xfail: &'static [(&'static str, &'static str)],
}

#[derive(Debug, Default)]
struct Tally {
    ran: AtomicUsize,
    skipped: AtomicUsize,
}

/// Runs the suite of a family on one backend, as the `main` of a test target.
pub fn run<F: Family>(backend: Backend, start: impl AsyncFnOnce() -> Setup<Arc<F::Harness>>) -> ExitCode {
    let arguments = Arguments::from_args();
    let runtime = match Builder::new_multi_thread().worker_threads(4).enable_all().build() {
        Ok(runtime) => Arc::new(runtime),
        Err(error) => {
            say(&format!("no runtime: {error}"));
            return ExitCode::FAILURE;
        }
    };
    let tally = Arc::new(Tally::default());
    // Listing names must not start a server.
    let setup = if arguments.list { Setup::Skip("only listed".to_owned()) } else { runtime.block_on(start()) };
    let mut trials = vec![Trial::test("suite_is_complete", move || complete::<F>(backend))];
    match &setup {
        Setup::Ready(harness) => {
            trials.extend(F::cases().into_iter().map(|case| trial::<F>(backend, case, harness, &runtime, &tally)))
        }
        Setup::Skip(reason) => {
            if !arguments.list && settings::is_required(backend.name) {
                let reason = format!("MEM0_REQUIRE names {}, but it was skipped: {reason}", backend.name);
                trials.push(Trial::test("backend_is_there", move || Err(Failed::from(reason))));
            }
            trials.extend(F::cases().into_iter().map(|case| absent(case.name, reason.clone())));
        }
    }
    let conclusion = libtest_mimic::run(&arguments, trials);
    if !arguments.list {
        say(&summary::<F>(backend, &setup, &tally));
    }
    // The last handle may wait for threads and stop a server.
    drop(setup);
    conclusion.exit_code()
}

fn trial<F: Family>(
    backend: Backend,
    case: Case<F::Context>,
    harness: &Arc<F::Harness>,
    runtime: &Arc<Runtime>,
    tally: &Arc<Tally>,
) -> Trial {
    let (harness, runtime, tally) = (Arc::clone(harness), Arc::clone(runtime), Arc::clone(tally));
    let known = backend.xfail.iter().find(|(name, _)| *name == case.name).map(|(_, reason)| *reason);
    Trial::ignorable_test(case.name, move || {
        let verdict = runtime.block_on(run_case::<F>(&harness, case));
        let counter = if matches!(verdict, Err(Stop::Skipped(_))) { &tally.skipped } else { &tally.ran };
        counter.fetch_add(1, Ordering::Relaxed);
        match (verdict, known) {
            (Ok(()), None) => Ok(Completion::Completed),
            (Ok(()), Some(reason)) => Err(Failed::from(format!("passes, although xfail says that it fails: {reason}"))),
            (Err(Stop::Failed(_)), Some(reason)) => Ok(Completion::ignored_with(format!("known to fail: {reason}"))),
            (Err(Stop::Failed(what)), None) => Err(Failed::from(what)),
            (Err(Stop::Skipped(reason)), _) => Ok(Completion::ignored_with(reason)),
        }
    })
}

fn absent(name: &'static str, reason: String) -> Trial {
    Trial::ignorable_test(name, move || Ok(Completion::ignored_with(reason)))
}

fn complete<F: Family>(backend: Backend) -> Result<(), Failed> {
    let names: Vec<_> = F::cases().iter().map(|case| case.name).collect();
    if let Some((name, _)) = backend.xfail.iter().find(|(name, _)| !names.contains(name)) {
        return Err(Failed::from(format!("xfail names {name}, and there is no such case")));
    }
    match completeness::<F>() {
        Ok(()) => Ok(()),
        Err(Stop::Failed(what) | Stop::Skipped(what)) => Err(Failed::from(what)),
    }
}

fn summary<F: Family>(backend: Backend, setup: &Setup<Arc<F::Harness>>, tally: &Tally) -> String {
    let (ran, skipped) = (tally.ran.load(Ordering::Relaxed), tally.skipped.load(Ordering::Relaxed));
    match setup {
        Setup::Ready(_) => format!("conformance: {} {}: ran {ran} cases, skipped {skipped}", F::NAME, backend.name),
        Setup::Skip(reason) => format!("conformance: {} {}: NOT RUN: {reason}", F::NAME, backend.name),
    }
}

#[allow(clippy::print_stdout, reason = "the output of a test runner")]
fn say(line: &str) {
    println!("{line}");
}
