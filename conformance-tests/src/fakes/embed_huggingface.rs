//! Hugging Face: a Text Embeddings Inference server, and the hosted API.
//!
//! After huggingface.github.io/text-embeddings-inference and
//! huggingface.co/docs/inference-providers, "Feature extraction".

use serde_json::{Value, json};

use super::embed::{EmbedFake, equal, only, posted, reply, texts, vector, with_bearer};
use super::{Reply, Seen};
use crate::harness::FAKE_KEY;

fn refusal(status: u16, message: &str) -> Reply {
    // It says 413 to what is too much and 422 to what is not understood.
    let status = if status == 400 { 413 } else { status };
    Reply::json(status, &json!({"error": message, "error_type": "Validation"}))
}

fn embed(seen: &Seen, path: &str, dims: usize) -> Reply {
    let answer = || {
        with_bearer(seen, || refusal(401, "Unauthorized"))?;
        if seen.body.len() > 2_000_000 {
            return Err(refusal(413, "length limit exceeded"));
        }
        let body = posted(seen, path, &refusal)?;
        let known = ["inputs", "normalize", "truncate", "truncation_direction", "prompt_name", "dimensions"];
        only(&body, &known, &refusal)?;
        equal(&body, "truncate", &json!(true), &refusal)?;
        let texts = texts(body.get("inputs"), 32, &refusal)?;
        let normalised = body.get("normalize") != Some(&json!(false));
        Ok(texts.iter().map(|text| json!(vector(text, dims, normalised))).collect())
    };
    reply(answer())
}

/// `huggingface` with a server of one's own.
#[derive(Debug)]
pub struct Tei;

impl EmbedFake for Tei {
    const PROVIDER: &'static str = "huggingface";
    const BEYOND_ONE_BATCH: usize = 100;

    fn answer(seen: &Seen) -> Reply {
        embed(seen, "/embed", 96)
    }

    fn config(url: &str) -> Value {
        json!({"huggingface_base_url": format!("{url}/v1"), "api_key": FAKE_KEY})
    }
}

/// `huggingface` with the hosted API.
#[derive(Debug)]
pub struct Hosted;

impl EmbedFake for Hosted {
    const PROVIDER: &'static str = "huggingface";
    const BEYOND_ONE_BATCH: usize = 100;

    fn answer(seen: &Seen) -> Reply {
        embed(seen, "/models/sentence-transformers/all-MiniLM-L6-v2/pipeline/feature-extraction", 384)
    }

    fn config(url: &str) -> Value {
        json!({"inference_base_url": url, "api_key": FAKE_KEY, "model": "all-MiniLM-L6-v2"})
    }
}
