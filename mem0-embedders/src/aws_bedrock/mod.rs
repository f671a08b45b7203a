//! The `aws_bedrock` provider: the embedding models of Amazon Bedrock.
//!
//! The model is `amazon.titan-embed-text-v1` where nothing else is said, as in
//! the Python library. Requests are signed with the configured key, that of
//! `aws_profile` or that of the environment; an `api_key`, or the variable
//! `AWS_BEARER_TOKEN_BEDROCK`, is sent as it is. The region is `aws_region`, else
//! `AWS_REGION`, else `AWS_DEFAULT_REGION`, else `us-west-2`.
//!
//! Titan takes one text in a request, Cohere's models 96, and are told whether
//! it is a `search_document` or a `search_query`.
//!
//! Source: docs.aws.amazon.com/bedrock/latest: APIReference "InvokeModel",
//! userguide "Amazon Titan Text Embeddings models", "Cohere Embed v3" (at most
//! 2,048 characters of a text), "Cohere Embed v4".

mod config;
mod wire;

#[cfg(test)]
mod tests;

use mem0_core::{Registry, provider_config};

pub use config::BedrockConfig;
use wire::Bedrock;

use crate::shared::remote;

/// The name that configurations use for this provider.
pub const PROVIDER: &str = "aws_bedrock";

/// Adds the `aws_bedrock` provider.
pub fn register(registry: &mut Registry) {
    registry.embedder(PROVIDER, |config, _| async move {
        let config: BedrockConfig = provider_config(config)?;
        remote(PROVIDER, Bedrock::new(&config), config.common()).await
    });
}
