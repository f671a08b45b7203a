//! Writes: pages of one `_bulk` each.

use std::collections::HashMap;
use std::io::Write as _;

use mem0_core::{Error, MemoryId, Result};
use mem0_http::{Method, Response};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::answer::{read, refused, unexpected};
use super::document;
use super::server::{Call, Content, Refresh};

/// Documents of one request at most, and about how many bytes: the smallest
/// machines of Amazon's service take ten megabytes.
const PAGE: usize = 1_000;
const PAGE_BYTES: usize = 5 << 20;

/// The writes of one request.
#[derive(Default)]
pub(super) struct Page {
    lines: Vec<u8>,
    writes: usize,
}

impl Page {
    pub(super) fn is_empty(&self) -> bool {
        self.writes == 0
    }

    pub(super) fn is_full(&self) -> bool {
        self.writes >= PAGE || self.lines.len() >= PAGE_BYTES
    }

    /// Adds a write that counts unless the server has a later version.
    pub(super) fn add(&mut self, id: MemoryId, version: u64, document: &impl Serialize) -> Result<()> {
        let version = document::version(id, version)?;
        let action = json!({"index": {"_id": id, "version": version, "version_type": "external_gte"}});
        let unwritable = |e| Error::invalid("a payload that cannot be written as JSON").with_source(e);
        // Writing to a Vec cannot fail.
        let _ = writeln!(self.lines, "{action}");
        serde_json::to_writer(&mut self.lines, document).map_err(unwritable)?;
        self.lines.push(b'\n');
        self.writes += 1;
        Ok(())
    }

    /// The request. The index is not made if it is gone. A PUT, since Amazon's
    /// service ignores the query string of a signed POST.
    pub(super) fn call(self, alias: &str, refresh: Refresh) -> Call {
        let refresh = refresh.parameter();
        let path = format!("/{alias}/_bulk?require_alias=true&refresh={refresh}");
        Call::new(Method::Put, path).with(Content::Lines, self.lines.into())
    }
}

#[derive(Deserialize)]
struct Answer {
    items: Vec<HashMap<String, Item>>,
}

#[derive(Deserialize)]
struct Item {
    status: u16,
    error: Option<Value>,
}

/// Of each write whether it counted; it did not if the server has a later
/// version.
pub(super) fn outcomes(response: &Response) -> Result<Vec<bool>> {
    let answer: Answer = read(response)?;
    let items = answer.items.into_iter().map(|mut item| item.drain().next().map(|(_, item)| item));
    items
        .map(|item| match item.ok_or_else(unexpected)? {
            Item { status: 200..300, .. } => Ok(true),
            Item { status: 409, .. } => Ok(false),
            Item { status, error } => Err(refused(status, &error.unwrap_or_default())),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mem0_core::ErrorKind;

    fn outcomes_of(items: Value) -> Result<Vec<bool>> {
        outcomes(&Response::new(200, Vec::new(), json!({"took": 1, "errors": true, "items": items}).to_string()))
    }

    #[test]
    fn what_is_older_is_no_error_and_what_is_refused_is() {
        let (new, old) = (json!({"index": {"status": 201}}), json!({"index": {"status": 409, "error": {"type": "x"}}}));
        assert_eq!(outcomes_of(json!([new, old, {"index": {"status": 200}}])).unwrap(), [true, false, true]);
        for (status, code, kind) in [
            (404, "index_not_found_exception", ErrorKind::NotFound),
            (429, "es_rejected_execution_exception", ErrorKind::RateLimited),
            (503, "unavailable_shards_exception", ErrorKind::Unavailable),
        ] {
            let refused = json!({"index": {"status": status, "error": {"type": code, "reason": "hidden"}}});
            let error = outcomes_of(json!([new, refused])).unwrap_err();
            assert_eq!(error.kind(), kind);
            assert!(!format!("{error:?}").contains("hidden"));
        }
    }

    #[test]
    fn a_version_that_the_server_cannot_hold_is_refused() {
        let id = MemoryId::from_uuid(uuid::Uuid::nil());
        let mut page = Page::default();
        page.add(id, i64::MAX as u64, &json!({})).unwrap();
        assert_eq!(page.add(id, i64::MAX as u64 + 1, &json!({})).unwrap_err().kind(), ErrorKind::InvalidInput);
    }
}
