//! Language models.

use std::fmt;
use std::ops::AddAssign;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Result;
use crate::types::message::Image;

/// Who speaks to the model, beside the system prompt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Speaker {
    /// The one who asks.
    User,
    /// The model itself, in an earlier answer.
    Assistant,
}

/// One turn of the talk with the model.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Turn {
    /// Who.
    pub speaker: Speaker,
    /// What; not empty unless there is an image.
    pub text: String,
    /// What is shown with it. Only of the user.
    pub images: Vec<Image>,
}

impl Turn {
    /// The user says `text`.
    #[must_use]
    pub fn user(text: impl Into<String>) -> Self {
        Self { speaker: Speaker::User, text: text.into(), images: Vec::new() }
    }

    /// The model said `text`.
    #[must_use]
    pub fn assistant(text: impl Into<String>) -> Self {
        Self { speaker: Speaker::Assistant, text: text.into(), images: Vec::new() }
    }

    /// Shows images with it.
    #[must_use]
    pub fn with_images(mut self, images: Vec<Image>) -> Self {
        self.images = images;
        self
    }
}

// What is said stays out of logs.
impl fmt::Debug for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Turn")
            .field("speaker", &self.speaker)
            .field("text", &format_args!("{} bytes", self.text.len()))
            .field("images", &self.images.len())
            .finish()
    }
}

/// The shape that an answer must have.
///
/// Written for the strictest of the providers: every object lists all its
/// properties under `required` and says `"additionalProperties": false`; what
/// may be missing has the type `["…", "null"]`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct OutputSchema {
    /// A name of letters, digits and `_`, at most 64 bytes.
    pub name: &'static str,
    /// JSON Schema; an object at the top.
    pub schema: Value,
}

impl OutputSchema {
    /// A named schema.
    #[must_use]
    pub fn new(name: &'static str, schema: Value) -> Self {
        Self { name, schema }
    }
}

/// What a model is asked.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct LlmRequest {
    /// What the model is to be and do; may be empty.
    pub system: String,
    /// The talk so far. Begins and ends with the user, and the speakers take
    /// turns.
    pub turns: Vec<Turn>,
    /// The shape of the answer; free text where there is none.
    pub schema: Option<OutputSchema>,
    /// The longest answer in tokens. The provider's configuration decides
    /// where this says nothing.
    pub max_tokens: Option<u32>,
    /// 0 to 2. The provider's configuration decides where this says nothing.
    pub temperature: Option<f32>,
}

impl LlmRequest {
    /// One question, under a system prompt.
    #[must_use]
    pub fn new(system: impl Into<String>, question: impl Into<String>) -> Self {
        Self { system: system.into(), turns: vec![Turn::user(question)], ..Self::default() }
    }

    /// Asks for JSON of this shape.
    #[must_use]
    pub fn with_schema(mut self, schema: OutputSchema) -> Self {
        self.schema = Some(schema);
        self
    }

    /// Limits the answer.
    #[must_use]
    pub fn with_max_tokens(mut self, tokens: u32) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// How long the request is, in bytes of text.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.system.len() + self.turns.iter().map(|turn| turn.text.len()).sum::<usize>()
    }
}

// What is asked stays out of logs.
impl fmt::Debug for LlmRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmRequest")
            .field("system", &format_args!("{} bytes", self.system.len()))
            .field("turns", &self.turns)
            .field("schema", &self.schema.as_ref().map(|schema| schema.name))
            .field("max_tokens", &self.max_tokens)
            .field("temperature", &self.temperature)
            .finish()
    }
}

/// Why the model stopped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Finish {
    /// It had said everything.
    #[default]
    Complete,
    /// The answer was cut at the longest length.
    Length,
    /// The provider did not let it answer.
    Filtered,
}

/// Tokens, as the provider counted them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenUsage {
    /// Tokens read.
    pub input: u64,
    /// Tokens written, those of hidden reasoning included.
    pub output: u64,
}

impl AddAssign for TokenUsage {
    fn add_assign(&mut self, other: Self) {
        self.input = self.input.saturating_add(other.input);
        self.output = self.output.saturating_add(other.output);
    }
}

/// What a model answered.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LlmResponse {
    /// The answer; with a schema the JSON text, as the model gave it.
    pub text: String,
    /// Why it ends there.
    pub finish: Finish,
    /// What it cost. Zeros where the provider does not say.
    pub usage: TokenUsage,
}

impl LlmResponse {
    /// A complete answer.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Says why it ends.
    #[must_use]
    pub fn with_finish(mut self, finish: Finish) -> Self {
        self.finish = finish;
        self
    }

    /// Says what it cost.
    #[must_use]
    pub fn with_usage(mut self, input: u64, output: u64) -> Self {
        self.usage = TokenUsage { input, output };
        self
    }
}

// What was answered stays out of logs.
impl fmt::Debug for LlmResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmResponse")
            .field("text", &format_args!("{} bytes", self.text.len()))
            .field("finish", &self.finish)
            .field("usage", &self.usage)
            .finish()
    }
}

/// How a provider brings a model to answer in a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum StructuredOutput {
    /// The answer is forced into the schema.
    Schema,
    /// The answer is the arguments of a tool call that the model must make.
    Tool,
    /// The answer is JSON; its shape is asked for in the prompt.
    Json,
    /// Everything is asked for in the prompt.
    Prompt,
}

/// What a model can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LlmCapabilities {
    /// How it is brought to answer in a shape.
    pub structured_output: StructuredOutput,
    /// Whether it sees images.
    pub vision: bool,
}

impl LlmCapabilities {
    /// Without images.
    #[must_use]
    pub const fn new(structured_output: StructuredOutput) -> Self {
        Self { structured_output, vision: false }
    }

    /// With images, or not.
    #[must_use]
    pub const fn with_vision(mut self, vision: bool) -> Self {
        self.vision = vision;
        self
    }
}

/// Asks a language model.
///
/// # Rules
/// Each number is a case of the conformance suite.
/// 1. The system prompt, every turn and its speaker reach the model, in order
///    and unchanged in every script.
/// 2. `text` is the whole answer, without hidden reasoning.
/// 3. With a schema `text` is the JSON that the model gave, by the way that
///    `capabilities().structured_output` names.
/// 4. `usage` is what the provider counted, hidden reasoning included.
/// 5. An answer that was cut is `Finish::Length`, one that was withheld
///    `Finish::Filtered`; neither is an error.
/// 6. Images reach the model where `vision` is declared; else they are
///    `Unsupported` before any I/O.
/// 7. `max_tokens` and `temperature` of the request come before those of the
///    configuration.
/// 8. No turns, a first or last turn that is not the user's, two turns of one
///    speaker in a row, an empty turn, or an image that is not the user's is
///    `InvalidInput` before any I/O.
/// 9. Input that is too long for the model is `ContextLength`.
/// 10. Calls run side by side.
/// 11. Dropping the future of `generate` ends the request.
#[async_trait]
pub trait Llm: fmt::Debug + Send + Sync + 'static {
    /// The provider's name in the registry.
    fn provider(&self) -> &'static str;

    /// The model that answers.
    fn model(&self) -> &str;

    /// What it can do.
    fn capabilities(&self) -> LlmCapabilities;

    /// The model's answer.
    ///
    /// # Errors
    /// `Unavailable`, `RateLimited` (with the time to wait), `Timeout`,
    /// `Unauthenticated`, `PermissionDenied`, `QuotaExceeded`,
    /// `ContextLength`, `InvalidInput`; `BadModelOutput` when what came back is
    /// not an answer of that provider. Never with a key or with text of the
    /// request in it.
    async fn generate(&self, request: &LlmRequest) -> Result<LlmResponse>;
}

/// Refuses what no provider accepts, before any I/O (rules 6 and 8).
///
/// # Errors
/// `InvalidInput`, `Unsupported`.
pub fn check_llm_request(request: &LlmRequest, capabilities: LlmCapabilities) -> Result<()> {
    use crate::error::{Error, ErrorKind};
    let speakers = || request.turns.iter().map(|turn| turn.speaker);
    if speakers().next_back() != Some(Speaker::User) {
        return Err(Error::invalid("the last turn of a request must be the user's"));
    }
    if !speakers().eq([Speaker::User, Speaker::Assistant].into_iter().cycle().take(request.turns.len())) {
        return Err(Error::invalid("the turns of a request begin with the user's, and the speakers take turns"));
    }
    if request.turns.iter().any(|turn| turn.text.trim().is_empty() && turn.images.is_empty()) {
        return Err(Error::invalid("a turn of the request is empty"));
    }
    if request.turns.iter().any(|turn| turn.speaker != Speaker::User && !turn.images.is_empty()) {
        return Err(Error::invalid("only the user shows images"));
    }
    if !capabilities.vision && request.turns.iter().any(|turn| !turn.images.is_empty()) {
        return Err(Error::new(
            ErrorKind::Unsupported,
            "this model does not see images: set `vision` for one that does",
        ));
    }
    Ok(())
}
