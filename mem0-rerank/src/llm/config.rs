//! Settings of the `llm` provider.

use mem0_core::{Error, Result, Secret, Slot};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Settings of the `llm` provider: of the model, if it is not the engine's own,
/// and of what it is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LlmRerankConfig {
    /// The language model, as in the section `llm` of a configuration; the
    /// engine's own where nothing is set here.
    pub llm: Option<Slot>,
    /// The Python library's short form of `llm`: its provider.
    pub provider: Option<String>,
    /// Its model.
    pub model: Option<String>,
    /// Its key: the text, `{"env": "NAME"}` or `{"file": "path"}`.
    pub api_key: Option<Secret>,
    /// Its temperature.
    pub temperature: Option<f32>,
    /// What counts as an answer, in words for the model, beside the usual.
    pub instructions: Option<String>,
    /// The Python library's prompt for one document; read as `instructions`,
    /// since here all documents are judged in one call.
    pub scoring_prompt: Option<String>,
    /// Where a document and the question are cut, in characters; 4,000 by
    /// default.
    pub max_chars: usize,
    /// The Python library's longest answer for one document; accepted and
    /// without effect: the answer has to hold a score for each of them.
    pub max_tokens: Option<u32>,
    /// The Python library's number of documents that are kept; accepted and
    /// without effect: every document has a score here, and a search has its own
    /// limit.
    pub top_k: Option<usize>,
}

impl Default for LlmRerankConfig {
    fn default() -> Self {
        Self {
            llm: None,
            provider: None,
            model: None,
            api_key: None,
            temperature: None,
            instructions: None,
            scoring_prompt: None,
            max_chars: 4_000,
            max_tokens: None,
            top_k: None,
        }
    }
}

impl LlmRerankConfig {
    /// The model that is meant; none for the engine's own.
    ///
    /// # Errors
    /// `Config` if it is said in both ways.
    pub(super) fn slot(&self) -> Result<Option<Slot>> {
        let short = self.provider.is_some() || self.model.is_some() || self.api_key.is_some();
        match (&self.llm, short || self.temperature.is_some()) {
            (Some(_), true) => Err(Error::config("the model is either `llm` or `provider`, `model` and so on")),
            (slot, false) => Ok(slot.clone()),
            (None, true) => {
                let mut config = Map::new();
                let mut put = |key: &str, value: Option<Value>| {
                    if let Some(value) = value {
                        config.insert(key.to_owned(), value);
                    }
                };
                put("model", self.model.as_ref().map(|model| json!(model)));
                put("temperature", self.temperature.map(|temperature| json!(temperature)));
                // The key itself: a secret does not show what it holds when it is written.
                put("api_key", self.api_key.as_ref().map(|key| json!(key.expose())));
                let provider = self.provider.clone().unwrap_or_else(|| "openai".to_owned());
                Ok(Some(Slot::new(provider).with_config(Value::Object(config))))
            }
        }
    }

    /// What the model is told beside the usual.
    pub(super) fn told(&self) -> String {
        let python = self.scoring_prompt.as_deref().unwrap_or_default();
        let python = python.replace("{query}", "the question").replace("{document}", "the note");
        let told = [self.instructions.as_deref().unwrap_or_default().trim(), python.trim()];
        told.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n\n")
    }
}
