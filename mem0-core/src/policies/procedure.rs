//! An agent's run as a procedure.

use crate::answer;
use crate::error::{Error, ErrorKind, Result};
use crate::prompts;
use crate::traits::ledger::StoredMessage;
use crate::traits::llm::{Finish, Llm, LlmRequest};

/// What was done, written down so that it can be done again.
///
/// # Errors
/// `BadModelOutput` if the model says nothing or is cut; those of the model.
pub(crate) async fn summarise(llm: &dyn Llm, messages: &[StoredMessage], instructions: Option<&str>) -> Result<String> {
    let mut lines = vec!["DATA".to_owned()];
    lines.extend(messages.iter().map(|message| {
        let (role, name) = (message.role.as_str(), message.name.as_deref());
        serde_json::json!({"role": role, "name": name, "text": message.content}).to_string()
    }));
    lines.push("End of the data. Write the record.".to_owned());
    // The caller's own prompt replaces ours, as in the Python library.
    let system = instructions.unwrap_or(prompts::PROCEDURE);
    let response = llm.generate(&LlmRequest::new(system, lines.join("\n"))).await?;
    let problem = match response.finish {
        Finish::Complete => match answer::prose(&response.text) {
            Some(text) => return Ok(text),
            None => "the model wrote no procedure",
        },
        Finish::Length => "the procedure was cut off: raise `max_tokens` of the model",
        Finish::Filtered => "the provider withheld the model's answer",
    };
    Err(Error::new(ErrorKind::BadModelOutput, problem).with_provider(llm.provider()))
}
