//! The `ollama` provider: Ollama's own API at `http://localhost:11434`.
//!
//! The model is `nomic-embed-text` where nothing else is said. A model that is
//! not there is never pulled: the error says how to. Models that were trained
//! with prefixes get them by `document_prefix` and `query_prefix`
//! (`search_document: ` and `search_query: ` for nomic).
//!
//! Source: docs.ollama.com/api/embed: the end of a text beyond the window is
//! cut; docs.ollama.com/api/errors.

mod config;
mod wire;

#[cfg(test)]
mod tests;

use mem0_core::{Registry, provider_config};

pub use config::OllamaConfig;
use wire::Ollama;

use crate::shared::remote;

/// The name that configurations use for this provider.
pub const PROVIDER: &str = "ollama";

/// Adds the `ollama` provider.
pub fn register(registry: &mut Registry) {
    registry.embedder(PROVIDER, |config, _| async move {
        let config: OllamaConfig = provider_config(config)?;
        remote(PROVIDER, Ollama::new(&config), config.common()).await
    });
}
