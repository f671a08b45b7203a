//! The `zero_entropy` provider: ZeroEntropy's rerank API.
//!
//! The model is `zerank-1` and the key `ZERO_ENTROPY_API_KEY`, or
//! `ZEROENTROPY_API_KEY` as the vendor calls it, where nothing else is said. Its
//! scores lie in 0 to 1 and are taken as they are.
//!
//! Source: docs.zeroentropy.dev/api-reference/models/rerank (v1): at most
//! 5,000,000 bytes, the question and 150 bytes counted for each document.

mod config;
mod wire;

#[cfg(test)]
mod tests;

use mem0_core::{Registry, provider_config};

pub use config::ZeroEntropyConfig;
use wire::ZeroEntropy;

use crate::shared::remote;

/// The name that configurations use for this provider.
pub const PROVIDER: &str = "zero_entropy";

/// Adds the `zero_entropy` provider.
pub fn register(registry: &mut Registry) {
    registry.reranker(PROVIDER, |config, _| async move {
        let config: ZeroEntropyConfig = provider_config(config)?;
        remote(PROVIDER, ZeroEntropy::new(&config), config.client())
    });
}
