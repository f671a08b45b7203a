//! What every remote provider shares: its configuration and its calls.

pub(crate) mod config;
#[cfg(feature = "openai")]
pub(crate) mod prompt;
pub(crate) mod remote;

pub(crate) use config::llm_config;
pub(crate) use remote::{Protocol, remote};
