//! Finding the few steps of a random sequence that matter.

use std::fmt::Debug;

use futures::future::LocalBoxFuture;

use crate::check::{Stop, Verdict};

/// Runs a random sequence; where it fails, leaves out steps as long as what is
/// left still fails, and reports the shortest.
pub(crate) async fn run_and_shrink<'c, T: Clone + Debug>(
    origin: &str,
    steps: Vec<T>,
    run: impl Fn(Vec<T>) -> LocalBoxFuture<'c, Verdict>,
) -> Verdict {
    let mut what = match run(steps.clone()).await {
        Err(Stop::Failed(what)) => what,
        other => return other,
    };
    let mut steps = steps;
    let mut chunk = steps.len().div_ceil(2);
    let mut budget = 200_usize;
    while chunk > 0 && budget > 0 {
        let mut start = 0;
        while start < steps.len() && budget > 0 {
            budget -= 1;
            let fewer: Vec<T> = steps.iter().take(start).chain(steps.iter().skip(start + chunk)).cloned().collect();
            match run(fewer.clone()).await {
                Err(Stop::Failed(again)) => (steps, what) = (fewer, again),
                _ => start += chunk,
            }
        }
        chunk /= 2;
    }
    let shown = crate::check::difference("", &steps, &"both the same after each step");
    Err(Stop::Failed(format!("{origin}: {what}\n  after {} steps: {shown}", steps.len())))
}
