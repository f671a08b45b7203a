//! The configuration of `ollama`.

use serde_json::{Map, Value};

use crate::shared::llm_config;

llm_config! {
    /// The configuration of `ollama`. A key is sent where one is set, for a
    /// server behind a gateway; no variable is looked at for it.
    OllamaConfig {
        /// Where the server is; else `OLLAMA_HOST`, as Ollama's own clients
        /// read it, else `http://localhost:11434`.
        #[serde(alias = "ollama_base_url")]
        base_url: Option<String>,
        /// More options of the model as Ollama names them (`num_ctx`, `seed`).
        options: Option<Map<String, Value>>,
        /// How long the model stays loaded, as in `10m`.
        keep_alive: Option<String>,
    }
}
