//! The `vertexai` provider: Google's Vertex AI.
//!
//! The model is `gemini-embedding-001` with 256 numbers where nothing else is
//! said, as in the Python library; the model itself goes up to 3,072. It is
//! let in by a service account (`vertex_credentials_json`, or the file that
//! `GOOGLE_APPLICATION_CREDENTIALS` names) or by an `access_token`. The project
//! is `project`, else `GOOGLE_CLOUD_PROJECT`, else that of the account; the
//! location `location`, else `GOOGLE_CLOUD_LOCATION`, else `us-central1`.
//!
//! Source: docs.cloud.google.com/vertex-ai, "Text embeddings API" (v1,
//! `predict`): at most 250 texts and 20,000 tokens, but one text for the gemini
//! models; a text beyond the window is cut.

mod config;
mod wire;

#[cfg(test)]
mod tests;

use mem0_core::{Registry, provider_config};

pub use config::{TaskType, VertexAiConfig};
use wire::VertexAi;

use crate::shared::remote;

/// The name that configurations use for this provider.
pub const PROVIDER: &str = "vertexai";

/// Adds the `vertexai` provider.
pub fn register(registry: &mut Registry) {
    registry.embedder(PROVIDER, |config, _| async move {
        let config: VertexAiConfig = provider_config(config)?;
        remote(PROVIDER, VertexAi::new(&config), config.common()).await
    });
}
