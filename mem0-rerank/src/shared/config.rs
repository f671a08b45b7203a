//! The keys that every remote reranker has.

/// Declares the configuration of a provider: the keys that all have and those
/// that only this one has. Unknown keys are refused, keys are redacted.
macro_rules! rerank_config {
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
            /// The address; the provider's own where it is not set.
            pub base_url: Option<String>,
            /// Timeouts, retries, the longest answer, the proxy.
            pub http: mem0_http::ClientOptions,
            /// A proxy as the Python library has it: a URL, or URLs by scheme.
            pub http_client_proxies: Option<mem0_http::Proxies>,
            /// The Python library's number of documents that are kept; accepted
            /// and without effect: every document has a score here, and a search
            /// has its own limit.
            pub top_k: Option<usize>,
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $name {
            /// A client of its own for these options.
            pub(crate) fn client(&self) -> mem0_core::Result<mem0_http::Client> {
                mem0_http::Client::new(&self.http.clone().with_proxies(self.http_client_proxies.as_ref()))
            }
        }
    };
}
pub(crate) use rerank_config;
