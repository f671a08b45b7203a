//! Cohere's Rerank API, v2.
//!
//! After docs.cohere.com/reference/rerank.

use mem0_core::TokenUsage;
use serde_json::{Value, json};

use super::rerank::{RerankFake, counted, equal, only, posted, question, reply, results, texts, tokens, with_bearer};
use super::{Reply, Seen};
use crate::harness::FAKE_KEY;

fn refusal(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({"id": "x", "message": message}))
}

/// `cohere`.
#[derive(Debug)]
pub struct Cohere;

impl RerankFake for Cohere {
    const PROVIDER: &'static str = "cohere";
    const BEYOND_ONE_BATCH: usize = 1_100;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            with_bearer(seen, || refusal(401, "invalid token"))?;
            let body = posted(seen, "/v2/rerank", &refusal)?;
            only(&body, &["model", "query", "documents", "top_n", "max_tokens_per_doc", "priority"], &refusal)?;
            equal(&body, "model", &json!("rerank-v3.5"), &refusal)?;
            let query = question(&body, &refusal)?;
            let texts = texts(body.get("documents"), 1_000, &refusal)?;
            Ok(json!({
                "id": "x",
                "results": results(&query, &texts, "relevance_score"),
                "meta": {
                    "api_version": {"version": "2"},
                    "billed_units": {"search_units": 1},
                    "tokens": {"input_tokens": counted(&texts), "output_tokens": texts.len()},
                },
            }))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        json!({"base_url": url, "api_key": FAKE_KEY})
    }

    fn usage(documents: &[&str]) -> Option<TokenUsage> {
        let input = documents.iter().map(|text| tokens(text)).sum();
        Some(TokenUsage { input, output: documents.len() as u64 })
    }
}
