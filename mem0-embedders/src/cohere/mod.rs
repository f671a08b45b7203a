//! The `cohere` provider: Cohere's Embed API.
//!
//! The model is `embed-v4.0` and the key `COHERE_API_KEY` or `CO_API_KEY`
//! where nothing else is said. What is stored is embedded as
//! `search_document`, questions as `search_query`.
//!
//! Source: docs.cohere.com/reference/embed (v2): at most 96 texts, the end of
//! a text beyond the window is cut; docs.cohere.com/reference/errors.

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
    registry.embedder(PROVIDER, |config, _| async move {
        let config: CohereConfig = provider_config(config)?;
        remote(PROVIDER, Cohere::new(&config), config.common()).await
    });
}
