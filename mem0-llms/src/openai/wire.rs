//! Bodies: pure functions, from a request to JSON and from JSON to an answer.

use async_openai::types::chat::{
    ChatCompletionNamedToolChoice, ChatCompletionRequestAssistantMessage, ChatCompletionRequestAssistantMessageContent,
    ChatCompletionRequestMessage, ChatCompletionRequestMessageContentPartImage,
    ChatCompletionRequestMessageContentPartText, ChatCompletionRequestSystemMessage,
    ChatCompletionRequestSystemMessageContent, ChatCompletionRequestUserMessage,
    ChatCompletionRequestUserMessageContent, ChatCompletionRequestUserMessageContentPart, ChatCompletionTool,
    ChatCompletionToolChoiceOption, ChatCompletionTools, CreateChatCompletionRequest, FunctionName, FunctionObject,
    ImageUrl, ResponseFormat, ResponseFormatJsonSchema,
};
use mem0_core::{
    Error, ErrorKind, Finish, LlmRequest, LlmResponse, OutputSchema, Result, Speaker, StructuredOutput, Turn,
};
use mem0_http::{Refusal, Response, check_status, parse_json};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::settings::Settings;
use crate::shared::prompt;

/// What is sent: OpenAI's fields, and those that only some hosts know.
#[derive(Debug, Serialize)]
pub(super) struct Body<'a> {
    #[serde(flatten)]
    chat: CreateChatCompletionRequest,
    #[serde(flatten)]
    extra: &'a Map<String, Value>,
}

pub(super) fn body<'a>(settings: &'a Settings, request: &LlmRequest) -> Body<'a> {
    let max_tokens = Some(request.max_tokens.unwrap_or(settings.max_tokens));
    let new_name = settings.preset.completion_tokens || settings.reasons;
    let samples = !settings.reasons;
    #[allow(deprecated, reason = "most hosts know the longest answer only by its first name")]
    let mut chat = CreateChatCompletionRequest {
        model: settings.model.clone(),
        messages: messages(settings, request),
        max_completion_tokens: max_tokens.filter(|_| new_name),
        max_tokens: max_tokens.filter(|_| !new_name),
        temperature: samples.then(|| request.temperature.unwrap_or(settings.temperature)),
        top_p: settings.top_p.filter(|_| samples),
        reasoning_effort: settings.reasoning_effort.clone(),
        store: settings.store,
        ..Default::default()
    };
    if let Some(schema) = &request.schema {
        ask_for(schema, settings, &mut chat);
    }
    Body { chat, extra: &settings.extra }
}

fn ask_for(schema: &OutputSchema, settings: &Settings, chat: &mut CreateChatCompletionRequest) {
    let name = schema.name.to_owned();
    match settings.structured {
        StructuredOutput::Schema => {
            let json_schema =
                ResponseFormatJsonSchema { description: None, name, schema: schema.schema.clone(), strict: Some(true) };
            chat.response_format = Some(ResponseFormat::JsonSchema { json_schema });
        }
        StructuredOutput::Tool => {
            let parameters = Some(schema.schema.clone());
            let function = FunctionObject { name: name.clone(), description: None, parameters, strict: Some(true) };
            chat.tools = Some(vec![ChatCompletionTools::Function(ChatCompletionTool { function })]);
            let choice = ChatCompletionNamedToolChoice { function: FunctionName { name } };
            chat.tool_choice = Some(ChatCompletionToolChoiceOption::Function(choice));
        }
        StructuredOutput::Json => {
            chat.response_format = Some(settings.response_format.clone().unwrap_or(ResponseFormat::JsonObject));
        }
        _ => chat.response_format.clone_from(&settings.response_format),
    }
}

fn messages(settings: &Settings, request: &LlmRequest) -> Vec<ChatCompletionRequestMessage> {
    let system = prompt::system(request, settings.structured);
    let system = (!system.is_empty()).then(|| {
        let content = ChatCompletionRequestSystemMessageContent::Text(system.into_owned());
        ChatCompletionRequestMessage::System(ChatCompletionRequestSystemMessage { content, name: None })
    });
    system.into_iter().chain(request.turns.iter().map(|turn| message(settings, turn))).collect()
}

fn message(settings: &Settings, turn: &Turn) -> ChatCompletionRequestMessage {
    if turn.speaker == Speaker::Assistant {
        let content = Some(ChatCompletionRequestAssistantMessageContent::Text(turn.text.clone()));
        let message = ChatCompletionRequestAssistantMessage { content, ..Default::default() };
        return ChatCompletionRequestMessage::Assistant(message);
    }
    let content = if turn.images.is_empty() {
        ChatCompletionRequestUserMessageContent::Text(turn.text.clone())
    } else {
        let text = (!turn.text.is_empty()).then(|| {
            let part =
                ChatCompletionRequestMessageContentPartText { text: turn.text.clone(), prompt_cache_breakpoint: None };
            ChatCompletionRequestUserMessageContentPart::Text(part)
        });
        let images = turn.images.iter().map(|image| {
            let image_url = ImageUrl { url: image.url().to_owned(), detail: settings.detail.clone() };
            let part = ChatCompletionRequestMessageContentPartImage { image_url, prompt_cache_breakpoint: None };
            ChatCompletionRequestUserMessageContentPart::ImageUrl(part)
        });
        ChatCompletionRequestUserMessageContent::Array(text.into_iter().chain(images).collect())
    };
    ChatCompletionRequestMessage::User(ChatCompletionRequestUserMessage { content, name: None })
}

// What comes back is read by types of our own: hosts leave out fields and give
// reasons to finish that OpenAI's types do not know.

#[derive(Deserialize)]
struct Completion {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Usage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    message: Message,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    content: Option<Content>,
    refusal: Option<String>,
    #[serde(default)]
    tool_calls: Option<Vec<ToolCall>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Content {
    Text(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    #[serde(rename = "type")]
    kind: String,
    text: Option<String>,
}

#[derive(Deserialize)]
struct ToolCall {
    function: Function,
}

#[derive(Deserialize)]
struct Function {
    arguments: String,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Usage {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
    total_tokens: Option<u64>,
}

/// What came back with a success.
pub(super) fn response(response: &Response) -> Result<LlmResponse> {
    let completion: Completion = parse_json(&response.body)?;
    let Some(choice) = completion.choices.into_iter().next() else {
        return Err(hidden_error(response, completion.error.as_ref()));
    };
    let reason = choice.finish_reason.as_deref().unwrap_or("stop");
    let finish = match reason {
        "length" | "model_length" | "max_tokens" => Finish::Length,
        "content_filter" => Finish::Filtered,
        // OpenRouter's and DeepSeek's words for a host that gave up half-way.
        "error" | "insufficient_system_resource" => {
            let message = "the provider broke off its answer";
            return Err(Error::new(ErrorKind::Unavailable, message));
        }
        _ if choice.message.refusal.is_some() => Finish::Filtered,
        _ => Finish::Complete,
    };
    let call = choice.message.tool_calls.unwrap_or_default().into_iter().next();
    let text = match (call, choice.message.content) {
        (Some(call), _) => call.function.arguments,
        (None, Some(Content::Text(text))) => without_thoughts(text),
        (None, Some(Content::Parts(parts))) => {
            let texts = parts.into_iter().filter(|part| part.kind == "text").filter_map(|part| part.text);
            without_thoughts(texts.collect())
        }
        (None, None) => String::new(),
    };
    let (input, output) = tokens(completion.usage.unwrap_or_default());
    Ok(LlmResponse::new(text).with_finish(finish).with_usage(input, output))
}

/// Read and written. Some hosts (xAI) leave the thoughts out of the written
/// ones, but not out of the total.
fn tokens(usage: Usage) -> (u64, u64) {
    let input = usage.prompt_tokens.unwrap_or_default();
    let written = usage.completion_tokens.unwrap_or_default();
    let rest = usage.total_tokens.unwrap_or_default().saturating_sub(input);
    (input, written.max(rest))
}

/// Models on one's own machine think aloud, before they answer.
fn without_thoughts(text: String) -> String {
    let Some(thoughts) = text.trim_start().strip_prefix("<think>") else { return text };
    match thoughts.split_once("</think>") {
        Some((_, answer)) => answer.trim_start().to_owned(),
        // It was cut while it thought.
        None => String::new(),
    }
}

/// A router that has begun to answer 200 puts the status of the host behind it
/// into the body.
fn hidden_error(response: &Response, error: Option<&Value>) -> Error {
    let status = error.and_then(|error| error.get("code")?.as_u64()).and_then(|code| u16::try_from(code).ok());
    let refused = status.filter(|status| (400..600).contains(status)).and_then(|status| {
        let inner = Response::new(status, response.headers.clone(), response.body.clone());
        check_status(&inner, refine).err()
    });
    refused.unwrap_or_else(|| Error::new(ErrorKind::BadModelOutput, "the provider's answer has no choices"))
}

/// What the codes say beyond the status. (OpenAI: Error codes; Azure OpenAI:
/// REST reference.)
pub(super) fn refine(refusal: &Refusal) -> Option<ErrorKind> {
    let any = |codes: &[&str]| codes.iter().any(|code| refusal.has(code));
    if any(&["context_length_exceeded", "string_above_max_length", "exceed_context_size_error"]) {
        return Some(ErrorKind::ContextLength);
    }
    if any(&["billing_hard_limit_reached", "insufficient_quota", "billing_not_active"]) {
        return Some(ErrorKind::QuotaExceeded);
    }
    any(&["invalid_api_key"]).then_some(ErrorKind::Unauthenticated)
}

/// Azure refuses what its filter finds in the prompt; OpenAI's own word is the
/// second.
pub(super) fn withholds(refusal: &Refusal) -> bool {
    refusal.status == 400 && (refusal.has("content_filter") || refusal.has("content_policy_violation"))
}
