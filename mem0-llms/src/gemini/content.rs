//! From a question to the body of `generateContent`, and from its answer back.

use mem0_core::{Error, ErrorKind, Finish, LlmRequest, LlmResponse, Result, Speaker, Turn};
use mem0_http::{Refusal, Response, parse_json};
use serde::Serialize;

use super::wire;
use crate::shared::config::TEMPERATURE;
use crate::shared::{images, schema};

/// What `responseJsonSchema` knows of JSON Schema.
const KEYWORDS: &[&str] = &[
    "$id",
    "$defs",
    "$ref",
    "$anchor",
    "type",
    "format",
    "title",
    "description",
    "enum",
    "items",
    "prefixItems",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "anyOf",
    "oneOf",
    "properties",
    "additionalProperties",
    "required",
];

/// What the configuration says about sampling. Thoughts count as output, so
/// that a limit which nobody asked for could leave no room for the answer.
pub(crate) struct Sampling {
    pub(crate) temperature: Option<f32>,
    pub(crate) max_tokens: Option<u32>,
    pub(crate) top_p: Option<f32>,
    pub(crate) top_k: Option<u32>,
}

/// From Gemini 3 on the vendor advises to leave the temperature alone where
/// nobody asks for another.
pub(crate) fn temperature(model: &str, configured: Option<f32>) -> Option<f32> {
    let older = ["gemini-1", "gemini-2"].iter().any(|name| model.contains(name));
    configured.or(older.then_some(TEMPERATURE))
}

/// The body that asks.
pub(crate) fn ask<'a>(request: &'a LlmRequest, sampling: &Sampling) -> Result<impl Serialize + use<'a>> {
    let schema = request.schema.as_ref();
    let contents = request.turns.iter().map(content).collect::<Result<_>>()?;
    let system = Some(request.system.as_str()).filter(|system| !system.is_empty());
    Ok(wire::Ask {
        contents,
        system_instruction: system.map(|text| wire::Content { role: None, parts: vec![wire::Part::Text(text)] }),
        generation_config: wire::GenerationConfig {
            temperature: request.temperature.or(sampling.temperature),
            max_output_tokens: request.max_tokens.or(sampling.max_tokens),
            top_p: sampling.top_p,
            top_k: sampling.top_k,
            response_mime_type: schema.map(|_| "application/json"),
            response_json_schema: schema.map(|schema| schema::keep(&schema.schema, KEYWORDS)),
        },
    })
}

fn content(turn: &Turn) -> Result<wire::Content<'_>> {
    let role = match turn.speaker {
        Speaker::User => "user",
        Speaker::Assistant => "model",
    };
    let mut parts = Vec::new();
    if !turn.text.is_empty() {
        parts.push(wire::Part::Text(&turn.text));
    }
    for image in &turn.images {
        let (mime_type, data) = images::inline(image)?;
        parts.push(wire::Part::InlineData(wire::Blob { mime_type, data }));
    }
    Ok(wire::Content { role: Some(role), parts })
}

/// What came back.
pub(crate) fn answer(response: &Response) -> Result<LlmResponse> {
    let answer: wire::Answer = parse_json(&response.body)?;
    let usage = answer.usage_metadata;
    let output = usage.candidates_token_count.saturating_add(usage.thoughts_token_count);
    let blocked = answer.prompt_feedback.is_some_and(|feedback| feedback.block_reason.is_some());
    let Some(candidate) = answer.candidates.into_iter().next() else {
        return if blocked {
            Ok(LlmResponse::default().with_finish(Finish::Filtered).with_usage(usage.prompt_token_count, output))
        } else {
            Err(Error::new(ErrorKind::BadModelOutput, "the provider answered without a candidate"))
        };
    };
    let parts = candidate.content.map(|said| said.parts).unwrap_or_default();
    let text: String = parts.into_iter().filter(|part| !part.thought).map(|part| part.text).collect();
    let finish = match candidate.finish_reason.as_deref() {
        None | Some("STOP" | "FINISH_REASON_UNSPECIFIED") => Finish::Complete,
        Some("MAX_TOKENS") => Finish::Length,
        Some("MALFORMED_FUNCTION_CALL" | "OTHER") if !text.is_empty() => Finish::Complete,
        // SAFETY, RECITATION, BLOCKLIST, PROHIBITED_CONTENT, SPII, LANGUAGE, …
        Some(_) => Finish::Filtered,
    };
    Ok(LlmResponse::new(text).with_finish(finish).with_usage(usage.prompt_token_count, output))
}

/// What "Troubleshooting" and "API errors" say beyond the status: a wrong key
/// is a 400 whose details say `API_KEY_INVALID`, no billing is a 400
/// `FAILED_PRECONDITION`.
pub(crate) fn refine(refusal: &Refusal) -> Option<ErrorKind> {
    if refusal.has("API_KEY_INVALID") {
        return Some(ErrorKind::Unauthenticated);
    }
    refusal.has("FAILED_PRECONDITION").then_some(ErrorKind::QuotaExceeded)
}
