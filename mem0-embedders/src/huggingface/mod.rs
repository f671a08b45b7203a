//! The `huggingface` provider: a Text Embeddings Inference server of one's own
//! at `huggingface_base_url`, or else the hosted inference API.
//!
//! The server has one model, so that `model` is only its name here (`tei` where
//! it is not said), and its vectors are asked for their length. The hosted API
//! has every model of the hub, `sentence-transformers/multi-qa-MiniLM-L6-cos-v1`
//! by default, and needs `HF_TOKEN`. Sending `Bearer` tokens to a server of
//! one's own takes `api_key`.
//!
//! Source: huggingface.github.io/text-embeddings-inference (`POST /embed`, at
//! most 32 texts and 2 MB by default); huggingface.co/docs/inference-providers,
//! "Feature extraction".

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
    registry.embedder(PROVIDER, |config, _| async move {
        let config: HuggingFaceConfig = provider_config(config)?;
        remote(PROVIDER, HuggingFace::new(&config), config.common()).await
    });
}
