//! The policies that ask a language model, behind the same two traits as those
//! that do not.
//!
//! | policy | calls of the model for one add | what it may do |
//! |---|---|---|
//! | [`single_pass`] | 1 | add, update, end, know: it sees what is near to the new messages |
//! | [`two_phase`] | 2 | the same, as in the paper (arXiv 2504.19413): first the facts, then what they change |
//! | [`additive`] | 1 | add |
//!
//! One call more repairs an answer that could not be read, and a plan that
//! others overtook is made anew, four times at most.

mod additive;
mod ask;
mod config;
mod data;
mod gate;
mod images;
mod near;
mod procedure;
mod schema;
mod single_pass;
#[cfg(test)]
mod tests;
mod two_phase;

use std::sync::Arc;

pub use ask::ask;
pub use config::{Category, Example, PolicyConfig, Profile};
pub(crate) use images::describe;
pub(crate) use procedure::summarise;

use crate::engine::cost::metered;
use crate::error::Result;
use crate::registry::{Policy, Registry, provider_config};
use crate::traits::llm::Llm;

/// How often a model is asked about one call at most, when others change what
/// it has seen before its decisions are stored.
const ROUNDS: u32 = 4;

/// The names of the policies that ask a model.
pub const NAMES: [&str; 3] = ["single_pass", "two_phase", "additive"];

/// One call of the model decides everything.
///
/// # Errors
/// `Config` for a configuration that does not fit together.
pub fn single_pass(llm: Arc<dyn Llm>, config: PolicyConfig) -> Result<Policy> {
    let near = near::NearDuplicates::new(&config)?;
    Ok((Arc::new(single_pass::SinglePass::new(metered(llm), config)?), Arc::new(near)))
}

/// One call for the facts, one for what they change.
///
/// # Errors
/// As [`single_pass`].
pub fn two_phase(llm: Arc<dyn Llm>, config: PolicyConfig) -> Result<Policy> {
    let llm = metered(llm);
    let update = two_phase::Update::new(Arc::clone(&llm), &config)?;
    Ok((Arc::new(two_phase::Extract::new(llm, config)?), Arc::new(update)))
}

/// One call, and nothing that is known changes.
///
/// # Errors
/// As [`single_pass`].
pub fn additive(llm: Arc<dyn Llm>, config: PolicyConfig) -> Result<Policy> {
    let near = near::NearDuplicates::new(&config)?;
    Ok((Arc::new(additive::Additive::new(metered(llm), config)?), Arc::new(near)))
}

/// Adds these policies to a registry. They take the model that the engine is
/// configured with.
///
/// ```
/// let mut registry = mem0_core::Registry::new();
/// mem0_core::policies::register(&mut registry);
/// assert_eq!(registry.policies().collect::<Vec<_>>(), ["additive", "single_pass", "two_phase"]);
/// ```
pub fn register(registry: &mut Registry) {
    type Make = fn(Arc<dyn Llm>, PolicyConfig) -> Result<Policy>;
    let policies: [(&str, Make); 3] = [("single_pass", single_pass), ("two_phase", two_phase), ("additive", additive)];
    for (name, make) in policies {
        registry.policy(name, move |config, context| async move { make(context.llm()?, provider_config(config)?) });
    }
}
