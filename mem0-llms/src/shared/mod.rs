//! What every remote provider shares: its configuration and its calls.

#[cfg(any(feature = "anthropic", feature = "aws_bedrock"))]
pub(crate) mod claude;
pub(crate) mod config;
#[cfg(any(feature = "gemini", feature = "aws_bedrock", feature = "ollama"))]
pub(crate) mod images;
#[cfg(any(feature = "openai", feature = "aws_bedrock"))]
pub(crate) mod prompt;
pub(crate) mod remote;
#[cfg(any(feature = "anthropic", feature = "gemini"))]
pub(crate) mod schema;
#[cfg(test)]
#[allow(dead_code, reason = "each provider needs a part of it")]
pub(crate) mod testing;

pub(crate) use config::llm_config;
pub(crate) use remote::{Protocol, remote};
