//! OpenAI's embeddings API and those of its shape.
//!
//! After OpenAI's API reference, "Create embeddings"; Azure OpenAI's REST API
//! 2024-10-21; Mistral's "Embeddings"; Together's "Create embedding".

use serde_json::{Value, json};

use super::embed::{Asked, EmbedFake, dims, indexed, only, posted, reply, short, texts, with_bearer, with_header};
use super::{Reply, Seen};
use crate::harness::FAKE_KEY;

fn refusal(status: u16, message: &str) -> Reply {
    let kind = if status == 401 { "invalid_api_key" } else { "invalid_request_error" };
    let error = json!({"message": message, "type": "invalid_request_error", "param": null, "code": kind});
    Reply::json(status, &json!({ "error": error }))
}

fn too_long() -> Reply {
    refusal(400, "This model's maximum context length is 8192 tokens, however you requested more.")
}

/// `openai`: the small model, asked for 64 dimensions.
#[derive(Debug)]
pub struct OpenAi;

impl EmbedFake for OpenAi {
    const PROVIDER: &'static str = "openai";
    const BEYOND_ONE_BATCH: usize = 2_100;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            with_bearer(seen, || refusal(401, "Incorrect API key provided"))?;
            let body = posted(seen, "/v1/embeddings", &refusal)?;
            only(&body, &["model", "input", "dimensions", "encoding_format", "user"], &refusal)?;
            if body.get("model") != Some(&json!("text-embedding-3-small")) {
                return Err(refusal(404, "The model does not exist"));
            }
            let texts = texts(body.get("input"), 2_048, &refusal)?;
            short(&texts, 8_192, too_long)?;
            Ok(indexed(&texts, dims(&body, "dimensions", 1_536, &refusal)?, true))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        json!({"openai_base_url": format!("{url}/v1"), "api_key": FAKE_KEY, "embedding_dims": 64})
    }
}

/// `azure_openai`: a deployment, by the key in its own header.
#[derive(Debug)]
pub struct AzureOpenAi;

impl EmbedFake for AzureOpenAi {
    const PROVIDER: &'static str = "azure_openai";
    const BEYOND_ONE_BATCH: usize = 2_100;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            with_header(seen, "api-key", FAKE_KEY, || refusal(401, "Access denied"))?;
            if seen.header("authorization").is_some() {
                return Err(refusal(400, "a key and a token"));
            }
            let path = "/openai/deployments/notes/embeddings?api-version=2024-10-21";
            let body = posted(seen, path, &refusal)?;
            only(&body, &["model", "input", "dimensions", "encoding_format", "user", "input_type"], &refusal)?;
            let texts = texts(body.get("input"), 2_048, &refusal)?;
            short(&texts, 8_192, too_long)?;
            Ok(indexed(&texts, dims(&body, "dimensions", 1_536, &refusal)?, true))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        let azure = json!({
            "api_key": FAKE_KEY, "azure_deployment": "notes", "azure_endpoint": url, "api_version": "2024-10-21",
        });
        json!({"azure_kwargs": azure, "model": "text-embedding-3-small", "embedding_dims": 64})
    }
}

/// `together`: a small window, no dimensions to ask for.
#[derive(Debug)]
pub struct Together;

impl EmbedFake for Together {
    const PROVIDER: &'static str = "together";
    const BEYOND_ONE_BATCH: usize = 300;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            with_bearer(seen, || refusal(401, "Invalid API key provided"))?;
            let body = posted(seen, "/v1/embeddings", &refusal)?;
            only(&body, &["model", "input"], &refusal)?;
            let texts = texts(body.get("input"), 256, &refusal)?;
            short(&texts, 514, || refusal(422, "Input is longer than the context length of 514"))?;
            Ok(indexed(&texts, 1_024, false))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        json!({"base_url": format!("{url}/v1"), "api_key": FAKE_KEY})
    }
}

fn mistral_refusal(status: u16, message: &str) -> Reply {
    let kind = "invalid_request_error";
    Reply::json(status, &json!({"object": "error", "message": message, "type": kind, "param": null, "code": "3210"}))
}

/// `mistral`: limits on texts and tokens of a request.
#[derive(Debug)]
pub struct Mistral;

impl EmbedFake for Mistral {
    const PROVIDER: &'static str = "mistral";
    const BEYOND_ONE_BATCH: usize = 300;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            with_bearer(seen, || Reply::json(401, &json!({"detail": "Unauthorized"})))?;
            let body = posted(seen, "/v1/embeddings", &mistral_refusal)?;
            let known = ["model", "input", "encoding_format", "output_dimension", "output_dtype"];
            only(&body, &known, &mistral_refusal)?;
            let texts = texts(body.get("input"), 256, &mistral_refusal)?;
            if texts.iter().map(String::len).sum::<usize>() / 4 > 16_384 {
                return Err(mistral_refusal(400, "Too many tokens in batch, split into more batches"));
            }
            short(&texts, 8_192, || mistral_refusal(400, "Too many tokens in one input"))?;
            Ok(indexed(&texts, 1_024, true))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        json!({"base_url": format!("{url}/v1"), "api_key": FAKE_KEY})
    }
}

/// `lmstudio`: a local server, which is asked for the length of its vectors.
#[derive(Debug)]
pub struct LmStudio;

impl EmbedFake for LmStudio {
    const PROVIDER: &'static str = "lmstudio";
    const BEYOND_ONE_BATCH: usize = 100;

    fn answer(seen: &Seen) -> Reply {
        let answer = || {
            let body = posted(seen, "/v1/embeddings", &refusal)?;
            only(&body, &["model", "input"], &refusal)?;
            Ok(indexed(&texts(body.get("input"), usize::MAX, &refusal)?, 96, false))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        json!({"lmstudio_base_url": format!("{url}/v1"), "api_key": FAKE_KEY})
    }
}

/// `openai_compatible`: a server with a window that the client does not know
/// and a small batch that it refuses to exceed.
#[derive(Debug)]
pub struct Compatible;

impl EmbedFake for Compatible {
    const PROVIDER: &'static str = "openai_compatible";
    const BEYOND_ONE_BATCH: usize = 100;

    fn answer(seen: &Seen) -> Reply {
        let answer = || -> Asked<Value> {
            with_bearer(seen, || refusal(401, "no"))?;
            let body = posted(seen, "/anything/embeddings", &refusal)?;
            only(&body, &["model", "input"], &refusal)?;
            let texts = texts(body.get("input"), 64, &refusal)?;
            short(&texts, 512, || refusal(400, "the input is larger than the maximum context length (512 tokens)"))?;
            Ok(indexed(&texts, 64, false))
        };
        reply(answer())
    }

    fn config(url: &str) -> Value {
        json!({"base_url": format!("{url}/anything/"), "api_key": FAKE_KEY, "model": "mine"})
    }
}
