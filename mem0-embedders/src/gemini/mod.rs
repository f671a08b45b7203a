//! The `gemini` provider (also `google`): Google's Gemini API.
//!
//! The model is `gemini-embedding-001` and the key `GOOGLE_API_KEY` or
//! `GEMINI_API_KEY` where nothing else is said. Its vectors have 768 numbers
//! by default, as the Python library's have; the model itself goes up to 3,072.
//! What is stored is embedded as `RETRIEVAL_DOCUMENT`, questions as
//! `RETRIEVAL_QUERY`, but for the models of the second generation, which take
//! no task type.
//!
//! Source: ai.google.dev/api/embeddings (v1beta, `batchEmbedContents`) and
//! ai.google.dev/gemini-api/docs/embeddings: vectors of fewer than 3,072
//! numbers are not normalised. Errors: ai.google.dev/gemini-api/docs/troubleshooting.

mod config;
mod wire;

#[cfg(test)]
mod tests;

use mem0_core::{Registry, provider_config};

pub use config::GeminiConfig;
use wire::Gemini;

use crate::shared::remote;

/// The name that configurations use for this provider.
pub const PROVIDER: &str = "gemini";

/// Adds the `gemini` provider, also under the name `google`.
pub fn register(registry: &mut Registry) {
    for name in [PROVIDER, "google"] {
        registry.embedder(name, |config, _| async move {
            let config: GeminiConfig = provider_config(config)?;
            remote(PROVIDER, Gemini::new(&config), config.common()).await
        });
    }
}
