//! Settings of the `ollama` provider.

use crate::shared::embedder_config;

embedder_config! {
    /// Settings of the `ollama` provider.
    OllamaConfig {
        /// The address; `http://localhost:11434` where it is not set.
        #[serde(alias = "base_url")]
        ollama_base_url: Option<String>,
    }
}
