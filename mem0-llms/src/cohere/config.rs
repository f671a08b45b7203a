//! The configuration of `cohere`.

use crate::shared::llm_config;

llm_config! {
    /// The configuration of `cohere`. The key is looked for in
    /// `COHERE_API_KEY`, then in `CO_API_KEY`.
    CohereConfig {
        /// Where the API is, without the version; else
        /// `https://api.cohere.com`.
        #[serde(alias = "cohere_base_url")]
        base_url: Option<String>,
    }
}
