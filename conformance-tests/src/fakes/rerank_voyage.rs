//! Voyage AI's reranker API.
//!
//! After docs.voyageai.com/reference/reranker-api.

use serde_json::{Value, json};

use super::rerank::{RerankFake, counted, equal, only, posted, question, reply, results, texts, tokens, with_bearer};
use super::{Reply, Seen};
use crate::harness::FAKE_KEY;

fn refusal(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "detail": message }))
}

/// `voyage`.
#[derive(Debug)]
pub struct Voyage;

impl RerankFake for Voyage {
    const PROVIDER: &'static str = "voyage";
    const BEYOND_ONE_BATCH: usize = 250;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            with_bearer(seen, || refusal(401, "invalid token"))?;
            let body = posted(seen, "/v1/rerank", &refusal)?;
            only(&body, &["query", "documents", "model", "top_k", "return_documents", "truncation"], &refusal)?;
            equal(&body, "model", &json!("rerank-2.5"), &refusal)?;
            equal(&body, "truncation", &json!(true), &refusal)?;
            let query = question(&body, &refusal)?;
            let texts = texts(body.get("documents"), 1_000, &refusal)?;
            // The question counts once for each document.
            if tokens(&query) * texts.len() as u64 + counted(&texts) > 600_000 {
                return Err(refusal(400, "the total number of tokens cannot exceed 600K"));
            }
            Ok(json!({
                "object": "list",
                "data": results(&query, &texts, "relevance_score"),
                "model": "rerank-2.5",
                "usage": {"total_tokens": counted(&texts)},
            }))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        json!({"base_url": format!("{url}/v1"), "api_key": FAKE_KEY})
    }
}
