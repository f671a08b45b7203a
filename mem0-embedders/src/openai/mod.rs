//! OpenAI and every host of its shape: `openai`, `azure_openai`, `together`,
//! `mistral`, `lmstudio`, and `openai_compatible` with any `base_url`.
//!
//! | provider | model by default | key | address by default |
//! |---|---|---|---|
//! | `openai` | `text-embedding-3-small` | `OPENAI_API_KEY` | `https://api.openai.com/v1`, `OPENAI_BASE_URL` |
//! | `azure_openai` | the deployment | `EMBEDDING_AZURE_OPENAI_API_KEY` | `EMBEDDING_AZURE_ENDPOINT` |
//! | `together` | `intfloat/multilingual-e5-large-instruct` | `TOGETHER_API_KEY` | `https://api.together.xyz/v1` |
//! | `mistral` | `mistral-embed` | `MISTRAL_API_KEY` | `https://api.mistral.ai/v1` |
//! | `lmstudio` | a nomic GGUF | none needed | `http://localhost:1234/v1` |
//! | `openai_compatible` | must be said | none needed | must be said |
//!
//! Each reads its own variables only. Dimensions are asked for where the
//! model can be asked (`text-embedding-3-*`, `codestral-embed`, models of an
//! `openai_compatible` host that nobody knows): leave `embedding_dims` out for
//! a model that has only one length.
//!
//! Sources: OpenAI API reference, "Create embeddings" (at most 2,048 texts of
//! 8,192 tokens, 300,000 tokens in all, no empty text); Azure OpenAI REST API
//! 2024-10-21; docs.mistral.ai/api/endpoint/embeddings; docs.together.ai
//! "Embeddings"; lmstudio.ai/docs "OpenAI compatibility".

mod config;
mod wire;

#[cfg(test)]
mod tests;

use mem0_core::{Registry, provider_config};

pub use config::{AzureConfig, AzureKwargs, OpenAiConfig};
use wire::OpenAi;

use crate::shared::remote;

/// Adds the providers of OpenAI's shape.
pub fn register(registry: &mut Registry) {
    for preset in wire::PRESETS {
        registry.embedder(preset.provider, move |config, _| async move {
            let config: OpenAiConfig = provider_config(config)?;
            remote(preset.provider, OpenAi::new(preset, &config), config.common()).await
        });
    }
    registry.embedder(wire::AZURE, |config, _| async move {
        let config: AzureConfig = provider_config(config)?;
        remote(wire::AZURE, OpenAi::azure(&config), config.common()).await
    });
}
