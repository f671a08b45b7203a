//! Cohere's Embed API, v2.
//!
//! After docs.cohere.com/reference/embed.

use serde_json::{Value, json};

use super::embed::{EmbedFake, dims, equal, only, posted, reply, texts, vector, with_bearer};
use super::{Reply, Seen};
use crate::harness::FAKE_KEY;

fn refusal(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({"id": "x", "message": message}))
}

/// `cohere`: 96 texts, vectors of any length.
#[derive(Debug)]
pub struct Cohere;

impl EmbedFake for Cohere {
    const PROVIDER: &'static str = "cohere";
    const BEYOND_ONE_BATCH: usize = 200;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            with_bearer(seen, || refusal(401, "invalid api token"))?;
            let body = posted(seen, "/v2/embed", &refusal)?;
            let known = [
                "model",
                "texts",
                "input_type",
                "embedding_types",
                "truncate",
                "output_dimension",
                "max_tokens",
                "images",
            ];
            only(&body, &known, &refusal)?;
            equal(&body, "model", &json!("embed-v4.0"), &refusal)?;
            equal(&body, "truncate", &json!("END"), &refusal)?;
            equal(&body, "embedding_types", &json!(["float"]), &refusal)?;
            let types = [json!("search_document"), json!("search_query")];
            if !body.get("input_type").is_some_and(|kind| types.contains(kind)) {
                return Err(refusal(400, "input_type is required"));
            }
            let texts = texts(body.get("texts"), 96, &refusal)?;
            let dims = dims(&body, "output_dimension", 1_536, &refusal)?;
            if ![256, 512, 1_024, 1_536].contains(&dims) {
                return Err(refusal(400, "output_dimension must be one of 256, 512, 1024, 1536"));
            }
            let vectors: Vec<_> = texts.iter().map(|text| vector(text, dims, false)).collect();
            Ok(json!({"id": "x", "embeddings": {"float": vectors}, "texts": texts, "meta": {}}))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        json!({"base_url": url, "api_key": FAKE_KEY, "embedding_dims": 256})
    }
}
