//! What every remote provider shares: its configuration, its calls, the shape
//! of its answers, and what happens to texts on the way.

mod config;
mod ranked;
mod remote;
#[cfg(test)]
pub(crate) mod testing;

pub(crate) use config::rerank_config;
pub(crate) use ranked::Item;
#[cfg(any(feature = "jina", feature = "voyage", feature = "zero_entropy"))]
pub(crate) use ranked::Total;
pub(crate) use remote::{Limits, Protocol, remote};
