//! A Text Embeddings Inference server with a reranker.
//!
//! After huggingface.github.io/text-embeddings-inference, version 1.7.

use mem0_core::TokenUsage;
use serde_json::{Value, json};

use super::rerank::{RerankFake, equal, only, posted, question, reply, results, texts, with_bearer};
use super::{Reply, Seen};
use crate::harness::FAKE_KEY;

fn refusal(status: u16, message: &str) -> Reply {
    // It says 413 to what is too much.
    let status = if status == 400 { 413 } else { status };
    Reply::json(status, &json!({"error": message, "error_type": "Validation"}))
}

/// `huggingface`.
#[derive(Debug)]
pub struct Tei;

impl RerankFake for Tei {
    const PROVIDER: &'static str = "huggingface";
    const BEYOND_ONE_BATCH: usize = 100;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            with_bearer(seen, || refusal(401, "invalid token"))?;
            if seen.body.len() > 2_000_000 {
                return Err(refusal(413, "length limit exceeded"));
            }
            let body = posted(seen, "/rerank", &refusal)?;
            only(
                &body,
                &["query", "texts", "raw_scores", "return_text", "truncate", "truncation_direction"],
                &refusal,
            )?;
            equal(&body, "raw_scores", &json!(false), &refusal)?;
            equal(&body, "truncate", &json!(true), &refusal)?;
            let query = question(&body, &refusal)?;
            let texts = texts(body.get("texts"), 32, &refusal)?;
            Ok(results(&query, &texts, "score").into())
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        json!({"base_url": format!("{url}/v1"), "api_key": FAKE_KEY})
    }

    fn usage(_: &[&str]) -> Option<TokenUsage> {
        None
    }
}
