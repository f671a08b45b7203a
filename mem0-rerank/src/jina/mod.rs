//! The `jina` provider: Jina AI's Reranker API.
//!
//! The model is `jina-reranker-v2-base-multilingual` and the key `JINA_API_KEY`
//! where nothing else is said. The scores of that model lie in 0 to 1 and are
//! taken as they are; those of `jina-reranker-v3` are cosines, of which the
//! negative ones count as 0.
//!
//! Source: api.jina.ai/redoc and jina.ai/reranker (`POST /v1/rerank`). How many
//! documents a request takes is not said there; 64 are what the third generation
//! reads at a time.

mod config;
mod wire;

#[cfg(test)]
mod tests;

use mem0_core::{Registry, provider_config};

pub use config::JinaConfig;
use wire::Jina;

use crate::shared::remote;

/// The name that configurations use for this provider.
pub const PROVIDER: &str = "jina";

/// Adds the `jina` provider.
pub fn register(registry: &mut Registry) {
    registry.reranker(PROVIDER, |config, _| async move {
        let config: JinaConfig = provider_config(config)?;
        remote(PROVIDER, Jina::new(&config), config.client())
    });
}
