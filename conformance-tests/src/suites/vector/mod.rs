//! The suite of `VectorStore` and `VectorCollection`.

mod context;
mod counts;
mod crowds;
mod deletion;
mod differential;
mod filters;
mod isolation;
mod limits;
mod lookup;
mod opening;
mod ranking;
mod refusal;
mod scores;
mod walk;
mod wire;
mod words;
mod writes;

use std::sync::Arc;

use async_trait::async_trait;

use crate::check::Verdict;
use crate::harness::VectorHarness;
use crate::rules;
use crate::suite::{Case, Family};

pub use context::{Shelf, VectorContext};

/// The suite of `VectorStore`.
#[derive(Debug)]
pub struct VectorFamily;

#[async_trait]
impl Family for VectorFamily {
    const NAME: &'static str = "vector store";
    const RULES: &'static str = rules::VECTOR_STORE;
    type Harness = dyn VectorHarness;
    type Context = VectorContext;

    fn cases() -> Vec<Case<VectorContext>> {
        [
            opening::CASES,
            writes::CASES,
            refusal::CASES,
            lookup::CASES,
            ranking::CASES,
            scores::CASES,
            filters::CASES,
            isolation::CASES,
            walk::CASES,
            counts::CASES,
            deletion::CASES,
            crowds::CASES,
            words::CASES,
            wire::CASES,
            limits::CASES,
            differential::CASES,
        ]
        .concat()
    }

    async fn prepare(harness: &Arc<dyn VectorHarness>, case: &'static str) -> Verdict<VectorContext> {
        VectorContext::new(harness, case).await
    }

    async fn finish(context: VectorContext) -> Verdict {
        context.tidy_up().await;
        Ok(())
    }
}
