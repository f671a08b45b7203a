//! What is refused before any I/O.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::types::memory::Metadata;
use crate::types::payload::RESERVED_KEYS;

/// Limits on input, against mistakes and abuse. Every one is checked before
/// any I/O and answered with `InvalidInput`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Limits {
    /// The longest text of a message or memory, in bytes; 65,536 by default.
    pub text_bytes: usize,
    /// The most messages of one `add`; 10,000 by default.
    pub messages: usize,
    /// The most requests of one batch call; 10,000 by default.
    pub batch: usize,
    /// The largest metadata of a memory as JSON, in bytes; 65,536 by default.
    pub metadata_bytes: usize,
    /// The most categories of a memory; 64 by default.
    pub categories: usize,
    /// The longest question, in bytes; 8,192 by default.
    pub query_bytes: usize,
    /// The most hits or items that may be asked for at once; 10,000 by
    /// default.
    pub page: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            text_bytes: 65_536,
            messages: 10_000,
            batch: 10_000,
            metadata_bytes: 65_536,
            categories: 64,
            query_bytes: 8_192,
            page: 10_000,
        }
    }
}

impl Limits {
    pub(super) fn text(&self, what: &'static str, text: &str) -> Result<()> {
        if text.trim().is_empty() {
            return Err(Error::invalid(format!("{what} is empty")));
        }
        at_most(what, text.len(), self.text_bytes, "bytes")
    }

    pub(super) fn query<'a>(&self, query: &'a str) -> Result<&'a str> {
        let query = query.trim();
        if query.is_empty() {
            return Err(Error::invalid("the question is empty"));
        }
        at_most("the question", query.len(), self.query_bytes, "bytes")?;
        Ok(query)
    }

    pub(super) fn messages(&self, count: usize) -> Result<()> {
        if count == 0 {
            return Err(Error::invalid("there are no messages"));
        }
        at_most("the conversation", count, self.messages, "messages")
    }

    pub(super) fn batch(&self, count: usize) -> Result<()> {
        at_most("the batch", count, self.batch, "requests")
    }

    pub(super) fn page(&self, limit: usize) -> Result<()> {
        at_most("limit", limit, self.page, "items")
    }

    pub(super) fn metadata(&self, metadata: &Metadata) -> Result<()> {
        for key in metadata.keys() {
            if RESERVED_KEYS.contains(&key.as_str()) {
                return Err(Error::invalid(format!(
                    "metadata may not use the key \"{key}\": the memory itself has it (the scope, the text and the \
                     times are arguments of their own)"
                )));
            }
            if key.is_empty() || key.len() > 256 || key.chars().any(char::is_control) {
                return Err(Error::invalid("a metadata key is 1 to 256 bytes without control characters"));
            }
        }
        let bytes = serde_json::to_vec(metadata).map_or(usize::MAX, |json| json.len());
        at_most("metadata", bytes, self.metadata_bytes, "bytes")
    }

    /// Checks labels and brings them into their stored form: trimmed, sorted,
    /// without duplicates.
    pub(super) fn categories(&self, categories: Vec<String>) -> Result<Vec<String>> {
        let mut categories: Vec<String> = categories.into_iter().map(|c| c.trim().to_owned()).collect();
        if categories.iter().any(|c| c.is_empty() || c.len() > 256) {
            return Err(Error::invalid("a category is 1 to 256 bytes"));
        }
        categories.sort_unstable();
        categories.dedup();
        at_most("categories", categories.len(), self.categories, "labels")?;
        Ok(categories)
    }
}

pub(super) fn filter(filter: &Filter) -> Result<()> {
    filter.check(&crate::filter::Limits::default())
}

pub(super) fn threshold(threshold: f32) -> Result<()> {
    if (0.0..=1.0).contains(&threshold) { Ok(()) } else { Err(Error::invalid("threshold must lie in 0..=1")) }
}

fn at_most(what: &str, have: usize, limit: usize, unit: &str) -> Result<()> {
    if have <= limit {
        Ok(())
    } else {
        Err(Error::invalid(format!("{what} has {have} {unit}; at most {limit} are accepted")))
    }
}
