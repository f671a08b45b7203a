//! The `voyage` provider: Voyage AI's reranker API.
//!
//! The model is `rerank-2.5` and the key `VOYAGE_API_KEY` where nothing else is
//! said. Its scores lie in 0 to 1 and are taken as they are.
//!
//! Source: docs.voyageai.com/reference/reranker-api (v1): at most 1,000
//! documents and 600,000 tokens, the question counted once for each document;
//! what is beyond the window is cut; docs.voyageai.com/docs/error-codes.

mod config;
mod wire;

#[cfg(test)]
mod tests;

use mem0_core::{Registry, provider_config};

pub use config::VoyageConfig;
use wire::Voyage;

use crate::shared::remote;

/// The name that configurations use for this provider.
pub const PROVIDER: &str = "voyage";

/// Adds the `voyage` provider.
pub fn register(registry: &mut Registry) {
    registry.reranker(PROVIDER, |config, _| async move {
        let config: VoyageConfig = provider_config(config)?;
        remote(PROVIDER, Voyage::new(&config), config.client())
    });
}
