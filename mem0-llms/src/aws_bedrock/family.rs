//! What a model on Bedrock can do, by the name of its maker.

use mem0_core::StructuredOutput;

use super::wire::ToolChoice;
use crate::shared::claude;

/// Whether the family can be made to call a tool, and how: Claude 3 and later
/// and Nova take the tool by name, Mistral Large takes `any`, which is the same
/// where there is one. After `ToolChoice` of the API reference.
pub(super) fn tool_choice(maker: &str, name: &'static str) -> Option<ToolChoice> {
    let maker = maker.to_ascii_lowercase();
    if maker.contains("claude") {
        let tools = claude::version(&maker).is_some_and(|version| version >= (3, 0));
        return tools.then_some(ToolChoice::Tool { name });
    }
    if maker.contains("nova") || maker == "anthropic" {
        return Some(ToolChoice::Tool { name });
    }
    maker.contains("mistral-large").then_some(ToolChoice::Any {})
}

pub(super) fn structured_output(maker: &str) -> StructuredOutput {
    match tool_choice(maker, "") {
        Some(_) => StructuredOutput::Tool,
        None => StructuredOutput::Prompt,
    }
}

/// Whether the family is known to see images.
pub(super) fn sees(maker: &str) -> bool {
    let maker = maker.to_ascii_lowercase();
    let claude =
        claude::version(&maker).is_some_and(|version| version >= (3, 0)) && !maker.contains("claude-3-5-haiku");
    let nova = maker.contains("nova") && !maker.contains("nova-micro");
    claude || nova || ["llama3-2-11b", "llama3-2-90b", "llama4", "pixtral"].iter().any(|name| maker.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_family_is_asked_in_its_way() {
        for (model, structured, vision) in [
            ("anthropic.claude-3-5-sonnet-20240620-v1:0", StructuredOutput::Tool, true),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", StructuredOutput::Tool, true),
            ("anthropic.claude-v2:1", StructuredOutput::Prompt, false),
            ("amazon.nova-micro-v1:0", StructuredOutput::Tool, false),
            ("eu.amazon.nova-pro-v1:0", StructuredOutput::Tool, true),
            ("mistral.mistral-large-2407-v1:0", StructuredOutput::Tool, false),
            ("meta.llama3-1-70b-instruct-v1:0", StructuredOutput::Prompt, false),
            ("meta.llama4-maverick-17b-instruct-v1:0", StructuredOutput::Prompt, true),
            ("amazon.titan-text-express-v1", StructuredOutput::Prompt, false),
        ] {
            assert_eq!((structured_output(model), sees(model)), (structured, vision), "{model}");
        }
    }
}
