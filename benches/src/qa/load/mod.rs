//! Readers of the public files, as they are.

mod beam;
mod dates;
mod locomo;
mod longmemeval;

use std::path::Path;

use mem0::{Error, ErrorKind, Result};
use serde::de::DeserializeOwned;

pub use beam::beam;
pub use locomo::locomo;
pub use longmemeval::longmemeval;

/// A file, whole.
fn bytes(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| {
        let kind = match e.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            std::io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            _ => ErrorKind::InvalidInput,
        };
        Error::new(kind, "the file cannot be read").with_context("path", path.display()).with_source(e)
    })
}

/// What the bytes are as JSON of that shape.
fn json<T: DeserializeOwned>(bytes: &[u8], path: &Path, dataset: &str) -> Result<T> {
    // The parser's own words may quote the file.
    serde_json::from_slice(bytes).map_err(|e| {
        Error::invalid(format!("the file does not have the shape of {dataset}"))
            .with_context("path", path.display())
            .with_context("line", e.line())
            .with_context("column", e.column())
    })
}

/// Short enough to print, long enough to tell files apart.
fn digest(hasher: &blake3::Hasher) -> String {
    hasher.finalize().to_hex().chars().take(16).collect()
}

/// A value that a person would read as this text: an answer may be a number.
pub(super) fn text_of(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::Null => None,
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Array(items) => {
            Some(items.iter().filter_map(text_of).collect::<Vec<_>>().join("; ")).filter(|text| !text.is_empty())
        }
        other => Some(other.to_string()),
    }
}
