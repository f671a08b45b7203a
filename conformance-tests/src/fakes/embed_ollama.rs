//! Ollama's own API.
//!
//! After docs.ollama.com/api/embed.

use serde_json::{Value, json};

use super::embed::{EmbedFake, dims, equal, only, posted, reply, texts, vector};
use super::{Reply, Seen};
use crate::harness::FAKE_KEY;

fn refusal(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "error": message }))
}

/// `ollama`: any number of texts, no key; one that is configured travels, for
/// a gateway before it.
#[derive(Debug)]
pub struct Ollama;

impl EmbedFake for Ollama {
    const PROVIDER: &'static str = "ollama";
    const BEYOND_ONE_BATCH: usize = 150;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            let body = posted(seen, "/api/embed", &refusal)?;
            only(&body, &["model", "input", "truncate", "dimensions", "options", "keep_alive"], &refusal)?;
            if body.get("model") != Some(&json!("nomic-embed-text")) {
                return Err(refusal(404, "model \"x\" not found, try pulling it first"));
            }
            equal(&body, "truncate", &json!(true), &refusal)?;
            let texts = texts(body.get("input"), usize::MAX, &refusal)?;
            let dims = dims(&body, "dimensions", 768, &refusal)?;
            let vectors: Vec<_> = texts.iter().map(|text| vector(text, dims, true)).collect();
            Ok(json!({"model": "nomic-embed-text", "embeddings": vectors, "total_duration": 1, "prompt_eval_count": 1}))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        json!({"ollama_base_url": url, "api_key": FAKE_KEY, "embedding_dims": 64})
    }
}
