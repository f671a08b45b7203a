//! The `jina` provider: Jina AI.
//!
//! The model is `jina-embeddings-v3` and the key `JINA_API_KEY` where nothing
//! else is said. What is stored is embedded as `retrieval.passage`, questions
//! as `retrieval.query`; the code models take their own tasks, and the second
//! generation none.
//!
//! Source: api.jina.ai/redoc, `POST /v1/embeddings`: at most 2,048 texts, of
//! which this sends fewer; a text beyond the window is cut if asked.

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
    registry.embedder(PROVIDER, |config, _| async move {
        let config: JinaConfig = provider_config(config)?;
        remote(PROVIDER, Jina::new(&config), config.common()).await
    });
}
