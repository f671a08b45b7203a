//! Vertex AI, v1, `predict` of the text embedding models.
//!
//! After docs.cloud.google.com/vertex-ai, "Text embeddings API".

use serde_json::{Value, json};

use super::embed::{EmbedFake, dims, equal, only, posted, reply, vector};
use super::{Reply, Seen, google};

fn refusal(status: u16, message: &str) -> Reply {
    let name = match status {
        401 => "UNAUTHENTICATED",
        404 => "NOT_FOUND",
        _ => "INVALID_ARGUMENT",
    };
    Reply::json(status, &json!({"error": {"code": status, "message": message, "status": name}}))
}

const PATH: &str = "/v1/projects/my-project/locations/us-central1/publishers/google/models/text-embedding-005:predict";

/// `vertexai`: a service account with the project in it, 250 texts and 20,000
/// tokens in a request.
#[derive(Debug)]
pub struct VertexAi;

impl EmbedFake for VertexAi {
    const PROVIDER: &'static str = "vertexai";
    const BEYOND_ONE_BATCH: usize = 600;

    fn answer(seen: &Seen) -> Reply {
        if let Some(reply) = google::token(seen) {
            return reply;
        }
        let answer = || {
            if !google::is_let_in(seen) {
                return Err(refusal(401, "Request had invalid authentication credentials."));
            }
            let body = posted(seen, PATH, &refusal)?;
            only(&body, &["instances", "parameters"], &refusal)?;
            let parameters = body.get("parameters").cloned().unwrap_or_default();
            only(&parameters, &["autoTruncate", "outputDimensionality"], &refusal)?;
            equal(&parameters, "autoTruncate", &json!(true), &refusal)?;
            let dims = dims(&parameters, "outputDimensionality", 768, &refusal)?;
            let instances = body.get("instances").and_then(Value::as_array).cloned().unwrap_or_default();
            if !(1..=250).contains(&instances.len()) {
                return Err(refusal(400, "250 instance(s) is allowed per prediction"));
            }
            let mut tokens = 0;
            let mut predictions = Vec::new();
            for instance in &instances {
                only(instance, &["content", "task_type", "title"], &refusal)?;
                let tasks = [json!("RETRIEVAL_DOCUMENT"), json!("RETRIEVAL_QUERY")];
                if !instance.get("task_type").is_some_and(|task| tasks.contains(task)) {
                    return Err(refusal(400, "unknown task_type"));
                }
                let text = instance.get("content").and_then(Value::as_str).unwrap_or_default();
                if text.is_empty() {
                    return Err(refusal(400, "The text content is empty."));
                }
                tokens += text.len() / 4;
                let statistics = json!({"truncated": text.len() / 4 > 2_048, "token_count": text.len() / 4});
                let values = vector(text, dims, false);
                predictions.push(json!({"embeddings": {"values": values, "statistics": statistics}}));
            }
            if tokens > 20_000 {
                return Err(refusal(400, "The input token count exceeds the maximum of 20000"));
            }
            Ok(json!({"predictions": predictions, "metadata": {"billableCharacterCount": tokens * 4}}))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        json!({
            "base_url": url, "vertex_credentials_json": google::account(url), "location": "us-central1",
            "model": "text-embedding-005", "embedding_dims": 64,
        })
    }
}
