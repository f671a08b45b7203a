//! The keys that every remote model has.

use std::collections::BTreeMap;
use std::fmt;

use mem0_core::Result;
use mem0_http::{Client, ClientOptions};
use serde::{Deserialize, Serialize};

/// Declares the configuration of a provider: the keys that all have and those
/// that only this one has. Unknown keys are refused, keys are redacted.
macro_rules! llm_config {
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
            /// 0 to 2; 0.1 where it is not set, and not sent to models that
            /// take none.
            pub temperature: Option<f32>,
            /// The longest answer in tokens. Where it is not set 8,192, or no
            /// limit but the model's own for the providers that need none.
            pub max_tokens: Option<u32>,
            /// Nucleus sampling, 0 to 1; not sent where it is not set.
            pub top_p: Option<f32>,
            /// How many of the likeliest tokens are drawn from; not sent where it
            /// is not set.
            pub top_k: Option<u32>,
            /// Whether the model is to be shown images; what the model is known
            /// to do where it is not set.
            #[serde(alias = "enable_vision")]
            pub vision: Option<bool>,
            /// How closely it looks: `auto`, `low` or `high`, for the providers
            /// that ask.
            pub vision_details: Option<String>,
            /// Timeouts, retries, the longest answer, the proxy.
            pub http: mem0_http::ClientOptions,
            /// A proxy as the Python library has it: a URL, or URLs by scheme.
            pub http_client_proxies: Option<crate::shared::config::Proxies>,
            $($(#[$field_meta])* pub $field: $type,)*
        }

        impl $name {
            /// A client of its own for these options.
            pub(crate) fn client(&self) -> mem0_core::Result<mem0_http::Client> {
                crate::shared::config::client(&self.http, self.http_client_proxies.as_ref())
            }
        }
    };
}
pub(crate) use llm_config;

/// A proxy as the HTTP library of the Python world has it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Proxies {
    /// For everything.
    One(String),
    /// By the scheme of the address: `https://`, `http://`, `all://`.
    ByScheme(BTreeMap<String, String>),
}

// The URL of a proxy may hold its password.
impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Proxies(***)")
    }
}

/// A client; `http.proxy` comes before the other spelling.
pub(crate) fn client(options: &ClientOptions, proxies: Option<&Proxies>) -> Result<Client> {
    let mut options = options.clone();
    options.proxy = options.proxy.or_else(|| match proxies? {
        Proxies::One(url) => Some(url.clone()),
        Proxies::ByScheme(urls) => {
            ["https://", "https", "all://", "http://", "http"].iter().find_map(|scheme| urls.get(*scheme).cloned())
        }
    });
    Client::new(&options)
}

/// Sampling that suits extraction: nearly the same answer each time.
pub(crate) const TEMPERATURE: f32 = 0.1;

/// Room for the facts of a long conversation; answers that are cut are lost.
#[cfg(any(feature = "openai", feature = "anthropic", feature = "ollama"))]
pub(crate) const MAX_TOKENS: u32 = 8_192;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_of_either_spelling_is_used_and_hidden() {
        let read = |text: &str| serde_json::from_str::<Proxies>(text).unwrap();
        let schemes = read(r#"{"http://": "http://a:1", "https://": "http://u:hush@b:2"}"#);
        assert!(!format!("{schemes:?}").contains("hush"));
        assert!(client(&ClientOptions::default(), Some(&schemes)).is_ok());
        assert!(client(&ClientOptions::default(), Some(&read(r#""no url at all""#))).is_err());
        let mut first = ClientOptions::default();
        first.proxy = Some("http://c:3".to_owned());
        assert!(client(&first, Some(&read(r#""no url at all""#))).is_ok());
    }
}
