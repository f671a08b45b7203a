//! Encoders of the BERT family inside the program, from a folder: what the
//! embedder `transformer` and the reranker `cross_encoder` share.
//!
//! A [`Folder`] is read and checked, [`Tokens`] makes tokens of a text or a
//! pair of texts, [`Bert`] computes the states of their last layer, and a
//! [`Runner`] does that in batches on threads of its own. There is no code for a
//! download here.
#![forbid(unsafe_code)]

mod bert;
mod folder;
mod runner;
mod tokens;
mod workers;

pub use bert::{Bert, States};
pub use candle_core;
pub use candle_nn;
pub use folder::{Architecture, Folder, label};
pub use runner::{Runner, Settings, TEXTS_PER_TURN};
pub use tokens::{Encoded, Tokens};
