//! The suite of `Ledger`.

mod commits;
mod context;
mod crowds;
mod dedup;
mod differential;
mod erasing;
mod fold;
mod idempotency;
mod identities;
mod isolation;
mod jobs;
mod leases;
mod lists;
mod messages;
mod names;
mod nearness;
mod places;
mod queue;
mod queues;
mod reading;
mod refusal;
mod replay;
mod spending;
mod standing;
mod story;
mod texts;
mod uses;
mod views;
mod words;

use std::sync::Arc;

use async_trait::async_trait;

use crate::check::Verdict;
use crate::check_eq;
use crate::harness::LedgerHarness;
use crate::rules;
use crate::suite::{Case, Family};

pub use context::LedgerContext;

/// The suite of `Ledger`.
#[derive(Debug)]
pub struct LedgerFamily;

#[async_trait]
impl Family for LedgerFamily {
    const NAME: &'static str = "ledger";
    const RULES: &'static str = rules::LEDGER;
    type Harness = dyn LedgerHarness;
    type Context = LedgerContext;

    fn cases() -> Vec<Case<LedgerContext>> {
        [
            commits::CASES,
            dedup::CASES,
            idempotency::CASES,
            views::CASES,
            isolation::CASES,
            lists::CASES,
            words::CASES,
            nearness::CASES,
            places::CASES,
            names::CASES,
            queue::CASES,
            messages::CASES,
            erasing::CASES,
            replay::CASES,
            texts::CASES,
            crowds::CASES,
            identities::CASES,
            refusal::CASES,
            jobs::CASES,
            leases::CASES,
            spending::CASES,
            uses::CASES,
            standing::CASES,
            differential::CASES,
            queues::CASES,
        ]
        .concat()
    }

    async fn prepare(harness: &Arc<dyn LedgerHarness>, _: &'static str) -> Verdict<LedgerContext> {
        LedgerContext::new(harness).await
    }

    async fn finish(context: LedgerContext) -> Verdict {
        let findings = context.ledger().check().await;
        context.tidy_up().await;
        check_eq!(findings?, Vec::<String>::new(), "what `check` finds after the case");
        Ok(())
    }
}
