//! The configuration of `gemini`.

use crate::shared::llm_config;

llm_config! {
    /// The configuration of `gemini`. The key is looked for in
    /// `GOOGLE_API_KEY`, then in `GEMINI_API_KEY`.
    GeminiConfig {
        /// Where the API is, without the version; else
        /// `https://generativelanguage.googleapis.com`.
        #[serde(alias = "gemini_base_url")]
        base_url: Option<String>,
    }
}
