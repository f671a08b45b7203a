//! What the name of a model says about it.

use mem0_core::StructuredOutput;

/// Without the vendor: `o3-mini` of `openai/o3-mini`.
fn bare(model: &str) -> String {
    model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase()
}

/// `o3` and `o3-mini`, not `o3x` and not `o3.5`.
fn is(name: &str, model: &str) -> bool {
    name.strip_prefix(model).is_some_and(|rest| rest.is_empty() || rest.starts_with(['-', ':', '@']))
}

/// `gpt-5`, `gpt-5-mini` and `gpt-5.2`.
fn of(name: &str, family: &str) -> bool {
    is(name, family) || name.strip_prefix(family).is_some_and(|rest| rest.starts_with('.'))
}

/// Whether the model reasons before it answers, in OpenAI's sense: it refuses
/// temperature and nucleus sampling, and the longest answer has another name.
pub(super) fn reasons(model: &str) -> bool {
    let name = bare(model);
    let family = ["o1", "o3", "o4", "gpt-5"].iter().any(|family| of(&name, family));
    family && !name.contains("-chat")
}

/// Whether the model sees images.
pub(super) fn sees(model: &str) -> bool {
    const SEEING: &[&str] =
        &["gpt-4o", "gpt-4.1", "gpt-4.5", "chatgpt-4o", "gpt-5", "o1", "o3", "o4-mini", "grok-4", "gemini", "claude"];
    let name = bare(model);
    let blind = ["o1-mini", "o1-preview", "o3-mini"].iter().any(|family| is(&name, family)) || name.contains("audio");
    let known = SEEING.iter().any(|family| of(&name, family));
    let told = ["pixtral", "llava", "-vl", "llama-4", "vision"].iter().any(|word| name.contains(word));
    (known || told) && !blind
}

/// How a model is brought to answer in a shape, where it is not the way of its
/// host.
pub(super) fn structured(provider: &str, model: &str) -> Option<StructuredOutput> {
    let name = bare(model);
    match provider {
        // Older ones have JSON mode only.
        "openai" | "openai_structured" => {
            let old = is(&name, "gpt-3.5-turbo") || is(&name, "gpt-4");
            old.then_some(StructuredOutput::Json)
        }
        // Systems of several models have no JSON mode; some models have schemas.
        "groq" if name.starts_with("compound") => Some(StructuredOutput::Prompt),
        "groq" if ["gpt-oss", "llama-4", "kimi-k2"].iter().any(|known| name.starts_with(known)) => {
            Some(StructuredOutput::Schema)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_are_told_apart() {
        for model in
            ["o1", "o1-mini", "o3-2025-04-16", "openai/o4-mini", "gpt-5", "gpt-5-mini", "gpt-5.2", "GPT-5-nano"]
        {
            assert!(reasons(model), "{model}");
        }
        for model in ["gpt-4o", "gpt-4.1-mini", "gpt-5-chat-latest", "o30b", "phi-o3", "gpt-50", "olmo", "qwen3"] {
            assert!(!reasons(model), "{model}");
        }
        for model in ["gpt-4o", "gpt-4o-mini", "gpt-5-mini", "o3", "o4-mini", "x-ai/grok-4.3", "Qwen/Qwen2.5-VL-7B"] {
            assert!(sees(model), "{model}");
        }
        for model in ["gpt-4", "gpt-3.5-turbo", "o3-mini", "o1-mini", "gpt-4o-audio-preview", "llama-3.3-70b", "grok-3"]
        {
            assert!(!sees(model), "{model}");
        }
    }

    #[test]
    fn what_a_host_cannot_do_for_a_model_is_not_asked_of_it() {
        assert_eq!(structured("groq", "groq/compound-mini"), Some(StructuredOutput::Prompt));
        assert_eq!(structured("groq", "openai/gpt-oss-20b"), Some(StructuredOutput::Schema));
        assert_eq!(structured("groq", "llama-3.3-70b-versatile"), None);
        assert_eq!(structured("openai", "gpt-4-turbo"), Some(StructuredOutput::Json));
        for new in ["gpt-4o", "gpt-4o-mini", "gpt-4.1-mini", "gpt-5-mini", "o3"] {
            assert_eq!(structured("openai", new), None, "{new}");
        }
        assert_eq!(structured("vllm", "gpt-4"), None);
    }
}
