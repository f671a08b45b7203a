//! The keys that every remote model has.

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
            pub http_client_proxies: Option<mem0_http::Proxies>,
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
pub(crate) use llm_config;

/// Sampling that suits extraction: nearly the same answer each time.
pub(crate) const TEMPERATURE: f32 = 0.1;

/// Room for the facts of a long conversation; answers that are cut are lost.
#[cfg(any(feature = "openai", feature = "anthropic", feature = "ollama"))]
pub(crate) const MAX_TOKENS: u32 = 8_192;
