//! The `voyage` provider: Voyage AI.
//!
//! The model is `voyage-4` and the key `VOYAGE_API_KEY` where nothing else is
//! said. What is stored is embedded as `document`, questions as `query`.
//!
//! Source: docs.voyageai.com/reference/embeddings-api (v1): at most 1,000
//! texts, and 120,000 to 1,000,000 tokens by model, no empty text;
//! docs.voyageai.com/docs/error-codes.

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
    registry.embedder(PROVIDER, |config, _| async move {
        let config: VoyageConfig = provider_config(config)?;
        remote(PROVIDER, Voyage::new(&config), config.common()).await
    });
}
