//! What both products check of a configuration and of what is opened.

use mem0_core::{CollectionSpec, Error, Result};
use url::Url;

use crate::shared::collection::{agree, check_name};

/// The server's address without a slash at its end, from a whole one or from
/// parts.
pub(crate) fn address(url: Option<&str>, host: &str, port: u16, tls: bool) -> Result<String> {
    let scheme = if tls { "https" } else { "http" };
    let text = match url {
        Some(url) => url.to_owned(),
        // Others have written whole addresses here.
        None if host.contains("://") => host.to_owned(),
        None => format!("{scheme}://{host}:{port}"),
    };
    let wrong = || Error::config("the server's address is none: set url to https://host:port");
    let parsed = Url::parse(&text).map_err(|_| wrong())?;
    if !matches!(parsed.scheme(), "http" | "https") || parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(wrong());
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Err(Error::config("the address holds a user: set user and password instead"));
    }
    Ok(parsed.as_str().trim_end_matches('/').to_owned())
}

/// Refuses what cannot be opened, before any I/O.
pub(crate) fn check_spec(
    spec: &CollectionSpec,
    max_dims: usize,
    collection_name: Option<&str>,
    embedding_model_dims: Option<usize>,
) -> Result<()> {
    check_name(&spec.name)?;
    let dims = spec.identity.dims;
    if !(1..=max_dims).contains(&dims) {
        return Err(Error::invalid("the dimensions must be 1 to what the server can hold")
            .with_context("dims", dims)
            .with_context("most", max_dims));
    }
    agree(collection_name, embedding_model_dims, spec)
}

#[cfg(test)]
mod tests {
    use mem0_core::ErrorKind;

    use super::*;

    #[test]
    fn addresses_are_whole_or_made_of_parts() {
        for (url, host, port, tls, due) in [
            (None, "localhost", 9200, false, "http://localhost:9200"),
            (None, "search.example.com", 443, true, "https://search.example.com"),
            (None, "https://search.example.com", 9200, false, "https://search.example.com"),
            (Some("https://h:1/below/"), "ignored", 1, false, "https://h:1/below"),
        ] {
            assert_eq!(address(url, host, port, tls).unwrap(), due);
        }
        for wrong in ["nowhere", "ftp://h", "http://u:hush@h", "http://h?x=1", "http://"] {
            let error = address(Some(wrong), "", 0, false).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{wrong}");
            assert!(!format!("{error:?}").contains("hush"));
        }
    }
}
