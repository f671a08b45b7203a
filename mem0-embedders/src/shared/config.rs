//! The keys that every remote embedder has, and how they are read.

use mem0_core::{Error, Result};
use mem0_http::{Client, ClientOptions, Proxies};

/// Declares the configuration of a provider: the keys that all have and those
/// that only this one has. Unknown keys are refused, keys are redacted.
macro_rules! embedder_config {
    (
        $(#[$meta:meta])*
        $name:ident {
            $($(#[$field_meta:meta])* $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default, deny_unknown_fields)]
        #[non_exhaustive]
        pub struct $name {
            /// The model; the provider's default where it is not set.
            pub model: Option<String>,
            /// The key: the text, `{"env": "NAME"}` or `{"file": "path"}`. The
            /// provider's own variable where it is not set.
            pub api_key: Option<mem0_http::Secret>,
            /// The length of the vectors. The provider is asked for it where
            /// its models can be asked; others must have it. Where it is not
            /// set, it is that of the model, which a model that is not known
            /// is asked for once, when the embedder is made.
            pub embedding_dims: Option<usize>,
            /// Put before every text that is stored, for models that were
            /// trained with such a prefix: `search_document: `, `passage: `.
            pub document_prefix: Option<String>,
            /// Put before every question: `search_query: `, `query: `.
            pub query_prefix: Option<String>,
            /// Timeouts, the longest answer, the proxy.
            pub http: mem0_http::ClientOptions,
            /// The Python library's name for the proxy: one URL, or one for
            /// each of `http://` and `https://`.
            pub http_client_proxies: Option<mem0_http::Proxies>,
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $name {
            pub(crate) fn common(&self) -> $crate::shared::Common {
                $crate::shared::Common {
                    document_prefix: self.document_prefix.clone().unwrap_or_default(),
                    query_prefix: self.query_prefix.clone().unwrap_or_default(),
                    http: self.http.clone(),
                    proxies: self.http_client_proxies.clone(),
                }
            }
        }
    };
}
pub(crate) use embedder_config;

/// What all configurations have, as far as a call needs it.
#[derive(Clone, Debug)]
pub(crate) struct Common {
    pub(crate) document_prefix: String,
    pub(crate) query_prefix: String,
    pub(crate) http: ClientOptions,
    pub(crate) proxies: Option<Proxies>,
}

impl Common {
    pub(crate) fn client(&self) -> Result<Client> {
        Client::new(&self.http.clone().with_proxies(self.proxies.as_ref()))
    }
}

/// The dimensions of a model, from what is configured and what is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Dims {
    /// What the request asks for.
    pub(crate) asked: Option<usize>,
    /// What the answer must have; none if nobody knows yet.
    pub(crate) due: Option<usize>,
}

impl Dims {
    /// # Errors
    /// `Config` for dimensions that the model is known not to have.
    pub(crate) fn new(configured: Option<usize>, native: Option<usize>, can_be_asked: bool) -> Result<Self> {
        match (configured, native) {
            (None, native) => Ok(Self { asked: None, due: native }),
            (Some(0), _) => Err(Error::config("embedding_dims must be at least 1")),
            (Some(dims), Some(native)) if dims == native => Ok(Self { asked: None, due: Some(dims) }),
            (Some(dims), _) if can_be_asked => Ok(Self { asked: Some(dims), due: Some(dims) }),
            (Some(dims), None) => Ok(Self { asked: None, due: Some(dims) }),
            (Some(dims), Some(native)) => Err(Error::config("embedding_dims is not what the model has")
                .with_context("embedding_dims", dims)
                .with_context("model_dims", native)),
        }
    }
}

#[cfg(test)]
mod tests {
    use mem0_core::ErrorKind;

    use super::*;

    #[test]
    fn dimensions_are_asked_for_only_where_it_changes_something() {
        let dims = |configured, native, can| Dims::new(configured, native, can).map(|d| (d.asked, d.due));
        assert_eq!(dims(None, Some(8), true).unwrap(), (None, Some(8)));
        assert_eq!(dims(None, None, true).unwrap(), (None, None));
        assert_eq!(dims(Some(8), Some(8), true).unwrap(), (None, Some(8)));
        assert_eq!(dims(Some(4), Some(8), true).unwrap(), (Some(4), Some(4)));
        assert_eq!(dims(Some(4), None, true).unwrap(), (Some(4), Some(4)));
        assert_eq!(dims(Some(4), None, false).unwrap(), (None, Some(4)));
        for (configured, native, can) in [(Some(4), Some(8), false), (Some(0), None, true)] {
            assert_eq!(dims(configured, native, can).unwrap_err().kind(), ErrorKind::Config);
        }
    }
}
