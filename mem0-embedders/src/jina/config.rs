//! Settings of the `jina` provider.

use crate::shared::embedder_config;

embedder_config! {
    /// Settings of the `jina` provider.
    JinaConfig {
        /// The address; `https://api.jina.ai/v1` where it is not set.
        base_url: Option<String>,
    }
}
