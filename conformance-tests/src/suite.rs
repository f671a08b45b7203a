//! What all families share: the case, the family, and how one case runs.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::future::LocalBoxFuture;

use crate::check::{Stop, Verdict};
use crate::rules;

/// One named test of one rule.
#[derive(Debug)]
pub struct Case<C> {
    /// The number in the trait's documentation; 0 for what concerns them all.
    pub rule: u16,
    /// `r17_filter_before_limit`.
    pub name: &'static str,
    /// The test.
    pub run: for<'a> fn(&'a C) -> LocalBoxFuture<'a, Verdict>,
}

// Not derived: a case can be copied whatever its context is.
impl<C> Clone for Case<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Case<C> {}

/// A family of backends with its suite.
#[async_trait]
pub trait Family: 'static {
    /// `vector store`.
    const NAME: &'static str;
    /// The source whose documentation holds the rules.
    const RULES: &'static str;
    /// What the backend brings.
    type Harness: ?Sized + Send + Sync + 'static;
    /// What a case gets.
    type Context: Send + Sync + 'static;

    /// Every case.
    fn cases() -> Vec<Case<Self::Context>>;

    /// Prepares one case.
    async fn prepare(harness: &Arc<Self::Harness>, case: &'static str) -> Verdict<Self::Context>;

    /// Looks at what must hold after every case, then tidies up.
    async fn finish(context: Self::Context) -> Verdict;
}

/// No case takes longer, or something hangs.
const LONGEST: Duration = Duration::from_secs(120);

/// Runs one case from its preparation to its end. A failure carries the rule's
/// own words.
///
/// # Errors
/// Why it did not pass.
pub async fn run_case<F: Family>(harness: &Arc<F::Harness>, case: Case<F::Context>) -> Verdict {
    let whole = async {
        let context = F::prepare(harness, case.name).await?;
        let verdict = (case.run)(&context).await;
        let after = F::finish(context).await;
        verdict.and(after)
    };
    let verdict = match tokio::time::timeout(LONGEST, Box::pin(whole)).await {
        Ok(verdict) => verdict,
        Err(_) => Err(Stop::Failed(format!("did not end within {LONGEST:?}"))),
    };
    verdict.map_err(|stop| match stop {
        Stop::Failed(what) => Stop::Failed(match rules::parse(F::RULES).get(&case.rule) {
            Some(rule) => format!("{what}\n  rule {}: {rule}", case.rule),
            None => what,
        }),
        skipped => skipped,
    })
}

/// Whether every rule of the documentation has a case, every case a rule, and
/// every name is its own.
///
/// # Errors
/// Which are missing.
pub fn completeness<F: Family>() -> Verdict {
    let rules = rules::parse(F::RULES);
    let cases = F::cases();
    let covered: BTreeSet<u16> = cases.iter().map(|case| case.rule).collect();
    let missing: Vec<_> = rules.keys().filter(|rule| !covered.contains(rule)).collect();
    crate::check!(missing.is_empty(), "rules of the {} without a case: {missing:?}", F::NAME);
    let mut names = BTreeSet::new();
    for case in cases {
        let known = case.rule == 0 || rules.contains_key(&case.rule);
        crate::check!(known, "{} is for rule {}, which the {} does not have", case.name, case.rule, F::NAME);
        crate::check!(names.insert(case.name), "two cases are called {}", case.name);
        let due = if case.rule == 0 { "all_".to_owned() } else { format!("r{}_", case.rule) };
        crate::check!(case.name.starts_with(&due), "{} does not begin with {due}", case.name);
    }
    Ok(())
}

/// The table of the cases of one file.
macro_rules! cases {
    ($context:ty: $($rule:literal $name:ident,)+) => {
        pub(crate) const CASES: &[$crate::suite::Case<$context>] = &[
            $($crate::suite::Case { rule: $rule, name: stringify!($name), run: |context| Box::pin($name(context)) },)+
        ];
    };
}
pub(crate) use cases;
