//! What every remote provider shares: its configuration, its calls, and what
//! happens to texts before and to vectors after them.

pub(crate) mod config;
pub(crate) mod remote;
#[cfg(test)]
pub(crate) mod testing;
mod vector;

pub(crate) use config::{Common, Dims, embedder_config};
#[cfg(any(feature = "aws_bedrock", feature = "cohere", feature = "gemini"))]
pub(crate) use mem0_http::key;
pub(crate) use mem0_http::{TextLimits as Limits, base_url};
pub(crate) use remote::{Protocol, remote};
#[cfg(any(feature = "openai", feature = "voyage", feature = "jina"))]
pub(crate) use vector::Indexed;
