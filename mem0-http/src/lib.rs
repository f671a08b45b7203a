//! HTTP for the adapters of mem0.
//!
//! An adapter is a pair of pure functions, from a question to a [`Request`]
//! and from a [`Response`] to an answer, which are tested byte by byte without
//! a network. The [`Client`] does the I/O for all of them, and one table turns
//! status codes into errors. Nothing here prints a key, a query string or a
//! body.
#![forbid(unsafe_code)]

#[cfg(feature = "aws")]
pub mod aws;
mod client;
mod env;
#[cfg(feature = "google")]
pub mod google;
mod proxies;
mod request;
mod status;
mod texts;

pub use client::{Client, ClientOptions, RetryOptions};
pub use env::{base_url, key, variable};
pub use mem0_core::Secret;
pub use proxies::Proxies;
pub use request::{Method, Request, Response};
pub use status::{Refusal, check_status, parse_json};
pub use texts::TextLimits;
