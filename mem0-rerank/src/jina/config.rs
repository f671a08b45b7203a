//! Settings of the `jina` provider.

use crate::shared::rerank_config;

rerank_config! {
    /// Settings of the `jina` provider.
    JinaConfig {
    }
}
