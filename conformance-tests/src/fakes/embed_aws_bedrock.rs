//! Amazon Bedrock, `InvokeModel` of the embedding models.
//!
//! After the Amazon Bedrock user guide, "Amazon Titan Text Embeddings models"
//! and "Cohere Embed v3".

use serde_json::{Value, json};

use super::embed::{EmbedFake, dims, only, posted, reply, texts, vector};
use super::{Reply, Seen, aws};
use crate::harness::FAKE_KEY;

fn refusal(status: u16, message: &str) -> Reply {
    let kind = if status == 404 { "ResourceNotFoundException" } else { "ValidationException" };
    aws::refusal(status, kind, message)
}

fn config(url: &str, model: &str) -> Value {
    json!({
        "base_url": url, "aws_region": aws::REGION, "aws_access_key_id": aws::ACCESS_KEY_ID,
        "aws_secret_access_key": FAKE_KEY,
        "model": model,
    })
}

/// `aws_bedrock` with Titan: one text in a request.
#[derive(Debug)]
pub struct Titan;

impl EmbedFake for Titan {
    const PROVIDER: &'static str = "aws_bedrock";
    const BEYOND_ONE_BATCH: usize = 30;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            aws::check(seen, "bedrock")?;
            let body = posted(seen, "/model/amazon.titan-embed-text-v2%3A0/invoke", &refusal)?;
            only(&body, &["inputText", "dimensions", "normalize", "embeddingTypes"], &refusal)?;
            let text = body.get("inputText").and_then(Value::as_str).unwrap_or_default();
            if text.is_empty() || text.chars().count() > 50_000 {
                return Err(refusal(400, "Malformed input request: expected minLength: 1, maxLength: 50000"));
            }
            if text.len() / 4 > 8_192 {
                return Err(refusal(
                    400,
                    "Too many input tokens. Max input tokens: 8192, request input token count: x",
                ));
            }
            let dims = dims(&body, "dimensions", 1_024, &refusal)?;
            if ![256, 512, 1_024].contains(&dims) {
                return Err(refusal(400, "dimensions must be 256, 512 or 1024"));
            }
            let vector = vector(text, dims, true);
            Ok(json!({"embedding": vector, "inputTextTokenCount": 3, "embeddingsByType": {"float": vector}}))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        let mut config = config(url, "amazon.titan-embed-text-v2:0");
        if let Some(config) = config.as_object_mut() {
            config.insert("embedding_dims".to_owned(), json!(256));
        }
        config
    }
}

/// `aws_bedrock` with Cohere: 96 texts of 2,048 characters.
#[derive(Debug)]
pub struct CohereOnBedrock;

impl EmbedFake for CohereOnBedrock {
    const PROVIDER: &'static str = "aws_bedrock";
    const BEYOND_ONE_BATCH: usize = 200;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            aws::check(seen, "bedrock")?;
            let body = posted(seen, "/model/cohere.embed-multilingual-v3/invoke", &refusal)?;
            only(&body, &["texts", "input_type", "truncate", "embedding_types"], &refusal)?;
            let types = [json!("search_document"), json!("search_query")];
            if !body.get("input_type").is_some_and(|kind| types.contains(kind)) {
                return Err(refusal(400, "input_type is required"));
            }
            let texts = texts(body.get("texts"), 96, &refusal)?;
            if texts.iter().any(|text| text.chars().count() > 2_048) {
                return Err(refusal(400, "Malformed input request: expected maxLength: 2048"));
            }
            let vectors: Vec<_> = texts.iter().map(|text| vector(text, 1_024, false)).collect();
            Ok(json!({"embeddings": vectors, "id": "x", "response_type": "embeddings_floats", "texts": texts}))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        config(url, "cohere.embed-multilingual-v3")
    }
}
