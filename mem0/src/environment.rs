//! The only place that looks at the process's environment.

use std::path::{Path, PathBuf};

use mem0_core::{Error, ErrorKind, Result};

/// The folder for files where none is configured: `MEM0_DIR`, else `.mem0` in
/// the home folder.
///
/// # Errors
/// `Config` if neither is set.
#[allow(clippy::disallowed_methods, reason = "this is the place that reads the environment")]
pub fn default_data_dir() -> Result<PathBuf> {
    if let Some(folder) = std::env::var_os("MEM0_DIR").filter(|folder| !folder.is_empty()) {
        return Ok(folder.into());
    }
    std::env::home_dir()
        .filter(|home| !home.as_os_str().is_empty())
        .map(|home| home.join(".mem0"))
        .ok_or_else(|| Error::config("there is no home folder: set MEM0_DIR or data_dir"))
}

/// Variables that are valid Unicode; others cannot be ours.
pub(crate) fn variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(key, value)| Some((key.into_string().ok()?, value.into_string().ok()?)))
}

pub(crate) fn read_file(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|e| {
        let kind = match e.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            std::io::ErrorKind::PermissionDenied => ErrorKind::PermissionDenied,
            _ => ErrorKind::Config,
        };
        Error::new(kind, "the configuration file cannot be read").with_context("path", path.display()).with_source(e)
    })
}
