//! The configuration of `anthropic`.

use mem0_core::StructuredOutput;

use crate::shared::llm_config;

llm_config! {
    /// The configuration of `anthropic`. The key is looked for in
    /// `ANTHROPIC_API_KEY`.
    AnthropicConfig {
        /// Where the API is, without `/v1`; `ANTHROPIC_BASE_URL`, else
        /// `https://api.anthropic.com`.
        #[serde(alias = "anthropic_base_url")]
        base_url: Option<String>,
        /// How the model is brought to answer in a shape, where its name does
        /// not tell: `schema` or `tool`.
        structured_output: Option<StructuredOutput>,
    }
}
