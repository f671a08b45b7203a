//! A schema in words, for providers that cannot be given one.

use std::borrow::Cow;

use mem0_core::{LlmRequest, StructuredOutput};

/// How the words begin that are added to a system prompt.
const ASK: &str = "Answer with one JSON object and with nothing else: no prose, no code fence.";

/// The system prompt, with the schema in words where the provider cannot be
/// given one.
pub(crate) fn system(request: &LlmRequest, kind: StructuredOutput) -> Cow<'_, str> {
    let schema = request.schema.as_ref().filter(|_| matches!(kind, StructuredOutput::Json | StructuredOutput::Prompt));
    let Some(schema) = schema else { return Cow::Borrowed(&request.system) };
    let gap = if request.system.is_empty() { "" } else { "\n\n" };
    format!("{}{gap}{ASK} The object conforms to this JSON Schema:\n{}", request.system, schema.schema).into()
}
