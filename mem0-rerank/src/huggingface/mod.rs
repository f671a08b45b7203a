//! The `huggingface` provider: a Text Embeddings Inference server of one's own,
//! with a reranker such as `BAAI/bge-reranker-base`.
//!
//! The server has one model, so that `model` is only its name here. `base_url`
//! is needed; `api_key` is sent as a `Bearer` token where it is set. The server
//! maps the model's logits to 0 to 1 by the logistic function. It does not count
//! tokens.
//!
//! Source: huggingface.github.io/text-embeddings-inference, version 1.7 (`POST
//! /rerank`, at most 32 texts and 2 MB by default).

mod config;
mod wire;

#[cfg(test)]
mod tests;

use mem0_core::{Registry, provider_config};

pub use config::HuggingFaceConfig;
use wire::HuggingFace;

use crate::shared::remote;

/// The name that configurations use for this provider.
pub const PROVIDER: &str = "huggingface";

/// Adds the `huggingface` provider.
pub fn register(registry: &mut Registry) {
    registry.reranker(PROVIDER, |config, _| async move {
        let config: HuggingFaceConfig = provider_config(config)?;
        remote(PROVIDER, HuggingFace::new(&config), config.client())
    });
}
