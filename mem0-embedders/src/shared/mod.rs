//! What every remote provider shares: its configuration, its calls, and what
//! happens to texts before and to vectors after them.

pub(crate) mod config;
pub(crate) mod remote;
#[cfg(test)]
pub(crate) mod testing;
mod text;
mod vector;

#[cfg(any(feature = "aws_bedrock", feature = "cohere", feature = "gemini"))]
pub(crate) use config::key;
pub(crate) use config::{Common, Dims, base_url, embedder_config};
pub(crate) use remote::{Protocol, remote};
pub(crate) use text::Limits;
#[cfg(any(feature = "openai", feature = "voyage", feature = "jina"))]
pub(crate) use vector::Indexed;
