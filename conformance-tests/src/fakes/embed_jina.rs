//! Jina AI's embeddings API.
//!
//! After api.jina.ai/redoc.

use serde_json::{Value, json};

use super::embed::{EmbedFake, dims, equal, indexed, only, posted, reply, short, texts, with_bearer};
use super::{Reply, Seen};
use crate::harness::FAKE_KEY;

fn refusal(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "detail": message }))
}

/// `jina`: cuts and normalises only if it is asked to.
#[derive(Debug)]
pub struct Jina;

impl EmbedFake for Jina {
    const PROVIDER: &'static str = "jina";
    const BEYOND_ONE_BATCH: usize = 600;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            with_bearer(seen, || refusal(401, "Invalid API key"))?;
            let body = posted(seen, "/v1/embeddings", &refusal)?;
            let known =
                ["model", "task", "dimensions", "normalized", "embedding_type", "truncate", "late_chunking", "input"];
            only(&body, &known, &refusal)?;
            equal(&body, "model", &json!("jina-embeddings-v3"), &refusal)?;
            equal(&body, "embedding_type", &json!("float"), &refusal)?;
            let tasks = [json!("retrieval.passage"), json!("retrieval.query")];
            if !body.get("task").is_some_and(|task| tasks.contains(task)) {
                return Err(refusal(422, "task is none of the model's"));
            }
            let texts = texts(body.get("input"), 2_048, &refusal)?;
            if body.get("truncate") != Some(&json!(true)) {
                short(&texts, 8_192, || refusal(400, "Input text exceeds maximum length of 8194 tokens"))?;
            }
            let dims = dims(&body, "dimensions", 1_024, &refusal)?;
            Ok(indexed(&texts, dims, body.get("normalized") == Some(&json!(true))))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        json!({"base_url": format!("{url}/v1"), "api_key": FAKE_KEY, "embedding_dims": 64})
    }
}
