//! Settings of the `voyage` provider.

use crate::shared::embedder_config;

embedder_config! {
    /// Settings of the `voyage` provider.
    VoyageConfig {
        /// The address; `https://api.voyageai.com/v1` where it is not set.
        base_url: Option<String>,
    }
}
