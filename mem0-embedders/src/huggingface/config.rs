//! Settings of the `huggingface` provider.

use crate::shared::embedder_config;

embedder_config! {
    /// Settings of the `huggingface` provider.
    HuggingFaceConfig {
        /// The address of a Text Embeddings Inference server, with or without
        /// `/v1` at its end; the hosted inference API where it is not set.
        #[serde(alias = "base_url")]
        huggingface_base_url: Option<String>,
        /// The address of the hosted inference API, for a gateway before it.
        inference_base_url: Option<String>,
        /// What the Python library gives to the model that it loads itself;
        /// accepted and without effect.
        model_kwargs: Option<serde_json::Map<String, serde_json::Value>>,
    }
}
