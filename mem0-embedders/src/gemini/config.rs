//! Settings of the `gemini` provider.

use crate::shared::embedder_config;

embedder_config! {
    /// Settings of the `gemini` provider.
    GeminiConfig {
        /// The address; `https://generativelanguage.googleapis.com` where it is not set.
        base_url: Option<String>,
        /// The Python library's second name for `embedding_dims`, which wins.
        output_dimensionality: Option<usize>,
    }
}
