//! Words: how a text becomes terms, and how terms rank.

mod analyze;
mod bm25;
pub mod language;
pub mod words;

pub use analyze::{TermId, query_terms, terms};
pub use bm25::Bm25;
