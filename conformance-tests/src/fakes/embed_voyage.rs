//! Voyage AI's embeddings API.
//!
//! After docs.voyageai.com/reference/embeddings-api.

use serde_json::{Value, json};

use super::embed::{EmbedFake, dims, equal, indexed, only, posted, reply, texts, with_bearer};
use super::{Reply, Seen};
use crate::harness::FAKE_KEY;

fn refusal(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({ "detail": message }))
}

/// `voyage`: 1,000 texts and 120,000 tokens in a request.
#[derive(Debug)]
pub struct Voyage;

impl EmbedFake for Voyage {
    const PROVIDER: &'static str = "voyage";
    const BEYOND_ONE_BATCH: usize = 1_100;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            with_bearer(seen, || refusal(401, "Provided API key is invalid."))?;
            let body = posted(seen, "/v1/embeddings", &refusal)?;
            let known =
                ["input", "model", "input_type", "truncation", "output_dimension", "output_dtype", "encoding_format"];
            only(&body, &known, &refusal)?;
            equal(&body, "model", &json!("voyage-3-large"), &refusal)?;
            equal(&body, "truncation", &json!(true), &refusal)?;
            let types = [json!("document"), json!("query")];
            if !body.get("input_type").is_some_and(|kind| types.contains(kind)) {
                return Err(refusal(400, "Value provided for input_type is not supported"));
            }
            let texts = texts(body.get("input"), 1_000, &refusal)?;
            if texts.iter().map(String::len).sum::<usize>() / 4 > 120_000 {
                return Err(refusal(400, "The max allowed tokens per submitted batch is 120000."));
            }
            let dims = dims(&body, "output_dimension", 2_048, &refusal)?;
            if ![256, 512, 1_024, 2_048].contains(&dims) {
                return Err(refusal(400, "output_dimension must be one of 256, 512, 1024, 2048"));
            }
            Ok(indexed(&texts, dims, true))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        json!({
            "base_url": format!("{url}/v1"), "api_key": FAKE_KEY, "embedding_dims": 256, "model": "voyage-3-large",
        })
    }
}
