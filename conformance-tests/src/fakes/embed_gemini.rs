//! The Gemini API, v1beta, `batchEmbedContents`.
//!
//! After ai.google.dev/api/embeddings.

use serde_json::{Value, json};

use super::embed::{EmbedFake, dims, equal, only, posted, reply, short, vector};
use super::{Reply, Seen};
use crate::harness::FAKE_KEY;

fn refusal(status: u16, message: &str) -> Reply {
    let name = match status {
        401 => "UNAUTHENTICATED",
        404 => "NOT_FOUND",
        _ => "INVALID_ARGUMENT",
    };
    Reply::json(status, &json!({"error": {"code": status, "message": message, "status": name}}))
}

fn bad_key() -> Reply {
    let detail = json!({"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"});
    let error =
        json!({"code": 400, "message": "API key not valid.", "status": "INVALID_ARGUMENT", "details": [detail]});
    Reply::json(400, &json!({ "error": error }))
}

/// `gemini`: fewer dimensions than the model has, which it does not normalise.
#[derive(Debug)]
pub struct Gemini;

impl EmbedFake for Gemini {
    const PROVIDER: &'static str = "gemini";
    const BEYOND_ONE_BATCH: usize = 250;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            if seen.header("x-goog-api-key") != Some(FAKE_KEY) {
                return Err(bad_key());
            }
            let body = posted(seen, "/v1beta/models/gemini-embedding-001:batchEmbedContents", &refusal)?;
            only(&body, &["requests"], &refusal)?;
            let requests = body.get("requests").and_then(Value::as_array).cloned().unwrap_or_default();
            if !(1..=100).contains(&requests.len()) {
                return Err(refusal(400, "at most 100 requests can be in one batch"));
            }
            let mut embeddings = Vec::new();
            for request in &requests {
                only(request, &["model", "content", "taskType", "title", "outputDimensionality"], &refusal)?;
                equal(request, "model", &json!("models/gemini-embedding-001"), &refusal)?;
                let tasks = [json!("RETRIEVAL_DOCUMENT"), json!("RETRIEVAL_QUERY")];
                if !request.get("taskType").is_some_and(|task| tasks.contains(task)) {
                    return Err(refusal(400, "Invalid value at 'requests[0].task_type'"));
                }
                let text = request.pointer("/content/parts/0/text").and_then(Value::as_str).unwrap_or_default();
                if text.trim().is_empty() {
                    return Err(refusal(400, "content is empty"));
                }
                short(&[text.to_owned()], 2_048, || refusal(400, "The input token count exceeds 2048"))?;
                let dims = dims(request, "outputDimensionality", 3_072, &refusal)?;
                embeddings.push(json!({"values": vector(text, dims, dims == 3_072)}));
            }
            Ok(json!({ "embeddings": embeddings }))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        json!({"base_url": url, "api_key": FAKE_KEY, "output_dimensionality": 64, "model": "models/gemini-embedding-001"})
    }
}
