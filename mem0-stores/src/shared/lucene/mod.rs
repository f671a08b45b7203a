//! What the stores on Elasticsearch and OpenSearch share, which speak one
//! query language.
//!
//! A collection is an index, and everything is asked of an alias that bears
//! its generation: after a drop an old handle finds nothing, and cannot touch
//! what another made under the same name. The index's own `_meta` holds whose
//! vectors it has.
//!
//! A point is a document under the memory's id, with the version as the
//! document's external version (`external_gte`), so that the server keeps the
//! later one, and does so in one `_bulk`. A deletion is a write like any other: it
//! leaves a document without content, since the server itself remembers the
//! version of what it deleted for a minute only.
//!
//! Who a point belongs to is in keyword fields, and what its payload holds in
//! [terms](query), so that no payload adds to the mapping; the payload itself
//! is stored and not looked at.

mod answer;
mod bulk;
mod collection;
mod document;
mod open;
mod query;
mod server;
mod setup;
mod store;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use collection::LuceneCollection;
#[cfg(test)]
pub(crate) use server::Content;
pub use server::Refresh;
pub(crate) use server::{Call, Layout, Options, Server};
pub(crate) use setup::address;
pub(crate) use store::LuceneStore;

/// The largest limit of a search, and the most candidates: what both servers
/// take where nobody raised it (`index.max_result_window`, `num_candidates`).
pub(crate) const MAX_LIMIT: usize = 10_000;
