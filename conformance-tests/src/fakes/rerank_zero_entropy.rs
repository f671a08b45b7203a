//! ZeroEntropy's rerank API, v1.
//!
//! After docs.zeroentropy.dev/api-reference/models/rerank.

use serde_json::{Value, json};

use super::rerank::{RerankFake, counted, equal, only, posted, question, reply, results, texts, with_bearer};
use super::{Reply, Seen};
use crate::harness::FAKE_KEY;

fn refusal(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "detail": message }))
}

/// `zero_entropy`.
#[derive(Debug)]
pub struct ZeroEntropy;

impl RerankFake for ZeroEntropy {
    const PROVIDER: &'static str = "zero_entropy";
    const BEYOND_ONE_BATCH: usize = 250;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            with_bearer(seen, || refusal(401, "invalid token"))?;
            let body = posted(seen, "/v1/models/rerank", &refusal)?;
            only(&body, &["model", "query", "documents", "top_n", "latency"], &refusal)?;
            equal(&body, "model", &json!("zerank-1"), &refusal)?;
            let query = question(&body, &refusal)?;
            let texts = texts(body.get("documents"), 10_000, &refusal)?;
            let bytes: usize = texts.iter().map(|text| 150 + query.len() + text.len()).sum();
            if bytes > 5_000_000 {
                return Err(refusal(413, "the maximum payload is 5000000 bytes"));
            }
            Ok(json!({
                "results": results(&query, &texts, "relevance_score"),
                "total_bytes": bytes,
                "total_tokens": counted(&texts),
                "actual_latency_mode": "fast",
                "e2e_latency": 0.1,
                "inference_latency": 0.05,
            }))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        json!({"base_url": format!("{url}/v1"), "api_key": FAKE_KEY})
    }
}
