//! Settings of the `zero_entropy` provider.

use crate::shared::rerank_config;

rerank_config! {
    /// Settings of the `zero_entropy` provider.
    ZeroEntropyConfig {
        /// `fast` or `slow`. Where it is not set the provider goes on slowly
        /// when the limit of the fast mode is reached.
        latency: Option<String>,
    }
}
