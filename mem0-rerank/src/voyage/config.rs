//! Settings of the `voyage` provider.

use crate::shared::rerank_config;

rerank_config! {
    /// Settings of the `voyage` provider.
    VoyageConfig {
    }
}
