//! Pictures as words.

use serde_json::Value;

use super::ask::ask;
use super::schema;
use crate::error::Result;
use crate::prompts;
use crate::traits::llm::{Llm, LlmRequest, Turn};
use crate::types::message::Message;

/// A description of every picture of the messages, in order: one call.
///
/// # Errors
/// `BadModelOutput` if there is not one description for each; those of the
/// model.
pub(crate) async fn describe(llm: &dyn Llm, messages: &[Message]) -> Result<Vec<String>> {
    let shown: Vec<&Message> = messages.iter().filter(|message| !message.images.is_empty()).collect();
    let images: Vec<_> = shown.iter().flat_map(|message| message.images.clone()).collect();
    let count = images.len();
    let mut lines = vec!["DATA".to_owned()];
    lines.extend(shown.iter().map(|message| {
        let pictures = message.images.len();
        serde_json::json!({"pictures": pictures, "name": message.name, "text": message.content}).to_string()
    }));
    let mut request = LlmRequest::new(prompts::IMAGES, String::new()).with_schema(schema::descriptions());
    request.turns = vec![Turn::user(lines.join("\n")).with_images(images)];
    let read = |value: &Value| {
        let list = value.get("descriptions").unwrap_or(value).as_array();
        let texts: Option<Vec<String>> =
            list.and_then(|list| list.iter().map(|text| Some(text.as_str()?.trim().to_owned())).collect());
        let texts = texts.ok_or_else(|| "expected a list of texts under \"descriptions\"".to_owned())?;
        if texts.len() == count && texts.iter().all(|text| !text.is_empty()) {
            Ok(texts)
        } else {
            Err(format!("expected {count} descriptions, each with a text"))
        }
    };
    ask(llm, request, read).await
}
