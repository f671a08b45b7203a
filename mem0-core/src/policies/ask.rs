//! Asking for JSON, with one repair.

use serde_json::Value;

use crate::answer::{self, Answer, lenient};
use crate::error::{Error, ErrorKind, Result};
use crate::prompts::{self, fill};
use crate::traits::llm::{Finish, Llm, LlmRequest, LlmResponse, Turn};

/// Asks a model for JSON, and reads the answer as tolerantly as
/// [`lenient`] does. One that cannot be read, or that `read` refuses, is shown
/// to the model again, once, with what is wrong with it.
///
/// # Errors
/// `BadModelOutput` if the second answer cannot be read either, or if the
/// provider withheld one; those of the model.
pub async fn ask<T>(
    llm: &dyn Llm,
    mut request: LlmRequest,
    read: impl Fn(&Value) -> std::result::Result<T, String>,
) -> Result<T> {
    let first = llm.generate(&request).await?;
    let problem = match understand(&first, &read)? {
        Ok(answer) => return Ok(answer),
        Err(problem) => problem,
    };
    tracing::debug!(provider = llm.provider(), problem, "the answer cannot be read; asking once more");
    if !first.text.trim().is_empty() {
        request.turns.push(Turn::assistant(first.text));
        request.turns.push(Turn::user(fill(prompts::REPAIR, &[("error", &problem)])));
    }
    let second = llm.generate(&request).await?;
    understand(&second, &read)?.map_err(|problem| {
        let hint = if second.finish == Finish::Length { ": raise `max_tokens` of the model" } else { "" };
        Error::new(ErrorKind::BadModelOutput, format!("the model's answer cannot be read: {problem}{hint}"))
            .with_provider(llm.provider())
            .with_context("model", llm.model())
    })
}

/// Asks for facts, or for what facts change.
///
/// # Errors
/// As [`ask`].
pub(super) async fn ask_for_facts(llm: &dyn Llm, request: LlmRequest) -> Result<Answer> {
    ask(llm, request, |value| answer::facts(value).map_err(|problem| problem.to_string())).await
}

/// The answer, or what is wrong with it in words for the model.
fn understand<T>(
    response: &LlmResponse,
    read: &impl Fn(&Value) -> std::result::Result<T, String>,
) -> Result<std::result::Result<T, String>> {
    if response.finish == Finish::Filtered {
        return Err(Error::new(ErrorKind::BadModelOutput, "the provider withheld the model's answer"));
    }
    if response.finish == Finish::Length {
        return Ok(Err("it was cut off at the longest length; be shorter".to_owned()));
    }
    Ok(lenient(&response.text).map_err(|problem| problem.to_string()).and_then(|value| read(&value)))
}
