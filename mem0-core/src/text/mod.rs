//! Words: how a text becomes terms, and how terms rank; names: what a text
//! mentions, and which names mean the same.

mod analyze;
mod bm25;
pub mod language;
mod mentions;
mod names;
mod ordinary;
mod query;
mod stems;
pub mod words;

pub(crate) use analyze::bare;
pub use analyze::{TermId, terms};
pub use bm25::Bm25;
pub use mentions::{Mention, MentionKind, asked_names, mentions, name_key};
pub use names::{Entity, NameRow, Names, Weighed};
pub use query::{QueryTerm, distinct, query_terms, topic_terms};
