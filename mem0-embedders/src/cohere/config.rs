//! Settings of the `cohere` provider.

use crate::shared::embedder_config;

embedder_config! {
    /// Settings of the `cohere` provider.
    CohereConfig {
        /// The address; `https://api.cohere.com` where it is not set.
        base_url: Option<String>,
    }
}
