//! Settings of the `huggingface` provider.

use crate::shared::rerank_config;

rerank_config! {
    /// Settings of the `huggingface` provider.
    HuggingFaceConfig {
        /// The address, by the name that the embedder has for it.
        huggingface_base_url: Option<String>,
        /// Documents in one request: the server's `--max-client-batch-size`, 32
        /// where it is not set.
        batch_size: Option<usize>,
        /// What the Python library gives to the model that it loads itself;
        /// accepted and without effect.
        device: Option<String>,
        /// As `device`: the server cuts where its model ends.
        max_length: Option<usize>,
        /// As `device`: scores always lie in 0 to 1.
        normalize: Option<bool>,
    }
}
