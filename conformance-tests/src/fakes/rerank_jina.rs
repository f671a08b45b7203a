//! Jina AI's Reranker API.
//!
//! After api.jina.ai/redoc.

use serde_json::{Value, json};

use super::rerank::{RerankFake, counted, equal, only, posted, question, reply, results, texts, with_bearer};
use super::{Reply, Seen};
use crate::harness::FAKE_KEY;

fn refusal(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "detail": message }))
}

/// `jina`.
#[derive(Debug)]
pub struct Jina;

impl RerankFake for Jina {
    const PROVIDER: &'static str = "jina";
    const BEYOND_ONE_BATCH: usize = 200;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            with_bearer(seen, || refusal(401, "invalid token"))?;
            let body = posted(seen, "/v1/rerank", &refusal)?;
            only(&body, &["model", "query", "documents", "top_n", "return_documents", "truncation"], &refusal)?;
            equal(&body, "model", &json!("jina-reranker-v2-base-multilingual"), &refusal)?;
            equal(&body, "return_documents", &json!(false), &refusal)?;
            let query = question(&body, &refusal)?;
            let texts = texts(body.get("documents"), 64, &refusal)?;
            Ok(json!({
                "model": "jina-reranker-v2-base-multilingual",
                "usage": {"total_tokens": counted(&texts)},
                "results": results(&query, &texts, "relevance_score"),
            }))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        json!({"base_url": format!("{url}/v1"), "api_key": FAKE_KEY})
    }
}
