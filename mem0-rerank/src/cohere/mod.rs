//! The `cohere` provider: Cohere's Rerank API.
//!
//! The model is `rerank-v3.5` and the key `COHERE_API_KEY` or `CO_API_KEY` where
//! nothing else is said. Its scores lie in 0 to 1 and are taken as they are.
//!
//! Source: docs.cohere.com/reference/rerank (v2): at most 1,000 documents, the
//! end of a document beyond `max_tokens_per_doc` (4,096) is cut;
//! docs.cohere.com/docs/reranking-best-practices; docs.cohere.com/reference/errors.

mod config;
mod wire;

#[cfg(test)]
mod tests;

use mem0_core::{Registry, provider_config};

pub use config::CohereConfig;
use wire::Cohere;

use crate::shared::remote;

/// The name that configurations use for this provider.
pub const PROVIDER: &str = "cohere";

/// Adds the `cohere` provider.
pub fn register(registry: &mut Registry) {
    registry.reranker(PROVIDER, |config, _| async move {
        let config: CohereConfig = provider_config(config)?;
        remote(PROVIDER, Cohere::new(&config), config.client())
    });
}
