//! Settings of the `openai` provider and of those of its shape.

use std::collections::BTreeMap;

use mem0_http::Secret;
use serde::{Deserialize, Serialize};

use crate::shared::embedder_config;

embedder_config! {
    /// Settings of `openai`, `together`, `mistral`, `lmstudio` and
    /// `openai_compatible`.
    ///
    /// ```
    /// use mem0_embedders::openai::OpenAiConfig;
    ///
    /// let config: OpenAiConfig = serde_json::from_str(r#"{"openai_base_url": "http://localhost:8000/v1"}"#)?;
    /// assert_eq!(config.base_url.as_deref(), Some("http://localhost:8000/v1"));
    /// assert!(serde_json::from_str::<OpenAiConfig>(r#"{"modle": "x"}"#).is_err());
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    OpenAiConfig {
        /// The address before `/embeddings`; the provider's own where it is
        /// not set, and needed by `openai_compatible`.
        #[serde(alias = "openai_base_url", alias = "lmstudio_base_url")]
        base_url: Option<String>,
    }
}

embedder_config! {
    /// Settings of `azure_openai`.
    AzureConfig {
        /// Where the deployment is.
        azure_kwargs: Option<AzureKwargs>,
    }
}

/// A deployment of Azure OpenAI. What is not set comes from the variable.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AzureKwargs {
    /// The key; `EMBEDDING_AZURE_OPENAI_API_KEY`.
    pub api_key: Option<Secret>,
    /// A token of Microsoft Entra ID, in place of a key.
    pub azure_ad_token: Option<Secret>,
    /// The name of the deployment; `EMBEDDING_AZURE_DEPLOYMENT`, else the
    /// model.
    pub azure_deployment: Option<String>,
    /// `https://NAME.openai.azure.com`; `EMBEDDING_AZURE_ENDPOINT`.
    pub azure_endpoint: Option<String>,
    /// The version of the API; `EMBEDDING_AZURE_API_VERSION`, else
    /// `2024-10-21`.
    pub api_version: Option<String>,
    /// More headers.
    pub default_headers: Option<BTreeMap<String, Secret>>,
}
