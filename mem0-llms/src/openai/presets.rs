//! What is known of each host: data, no code.

use mem0_core::StructuredOutput;

/// A host and its habits.
#[derive(Debug)]
pub(super) struct Preset {
    /// The provider's name.
    pub(super) name: &'static str,
    /// How the Python library's keys of this provider begin: `deepseek` of
    /// `deepseek_base_url`.
    pub(super) prefix: &'static str,
    /// The model where none is configured.
    pub(super) model: Option<&'static str>,
    /// The variable that its documentation names for the key.
    pub(super) key: Option<&'static str>,
    /// Whether it answers without a key.
    pub(super) open: bool,
    /// The variable for its address.
    pub(super) address: Option<&'static str>,
    /// Its address.
    pub(super) base_url: Option<&'static str>,
    /// How models are brought to answer in a shape, where the model's name says
    /// nothing else.
    pub(super) structured: StructuredOutput,
    /// Whether the longest answer is called `max_completion_tokens`, also for
    /// models that do not reason.
    pub(super) completion_tokens: bool,
    /// Whether it knows `top_k`, which OpenAI does not.
    pub(super) top_k: bool,
}

/// What most hosts have in common.
const USUAL: Preset = Preset {
    name: "openai",
    prefix: "openai",
    model: None,
    key: None,
    open: false,
    address: None,
    base_url: None,
    structured: StructuredOutput::Schema,
    completion_tokens: false,
    top_k: false,
};

const OPENAI: Preset = Preset {
    model: Some("gpt-5-mini"),
    key: Some("OPENAI_API_KEY"),
    address: Some("OPENAI_BASE_URL"),
    base_url: Some("https://api.openai.com/v1"),
    completion_tokens: true,
    ..USUAL
};

/// Addresses and deployments of Azure are put together in the settings.
const AZURE: Preset = Preset {
    name: "azure_openai",
    prefix: "azure",
    key: Some("LLM_AZURE_OPENAI_API_KEY"),
    address: Some("LLM_AZURE_ENDPOINT"),
    completion_tokens: true,
    ..USUAL
};

/// Every provider of this module.
pub(super) static PRESETS: &[Preset] = &[
    OPENAI,
    Preset { name: "openai_structured", ..OPENAI },
    AZURE,
    Preset { name: "azure_openai_structured", ..AZURE },
    Preset {
        name: "groq",
        prefix: "groq",
        model: Some("llama-3.3-70b-versatile"),
        key: Some("GROQ_API_KEY"),
        base_url: Some("https://api.groq.com/openai/v1"),
        structured: StructuredOutput::Json,
        completion_tokens: true,
        ..USUAL
    },
    Preset {
        name: "together",
        prefix: "together",
        model: Some("MiniMaxAI/MiniMax-M3"),
        key: Some("TOGETHER_API_KEY"),
        base_url: Some("https://api.together.xyz/v1"),
        top_k: true,
        ..USUAL
    },
    Preset {
        name: "deepseek",
        prefix: "deepseek",
        // The reference's `deepseek-chat` is an alias that ended in July 2026.
        model: Some("deepseek-v4-flash"),
        key: Some("DEEPSEEK_API_KEY"),
        address: Some("DEEPSEEK_API_BASE"),
        base_url: Some("https://api.deepseek.com"),
        structured: StructuredOutput::Json,
        ..USUAL
    },
    Preset {
        name: "xai",
        prefix: "xai",
        model: Some("grok-4.3"),
        key: Some("XAI_API_KEY"),
        address: Some("XAI_API_BASE"),
        base_url: Some("https://api.x.ai/v1"),
        ..USUAL
    },
    Preset {
        name: "minimax",
        prefix: "minimax",
        model: Some("MiniMax-M2.7"),
        key: Some("MINIMAX_API_KEY"),
        address: Some("MINIMAX_API_BASE"),
        base_url: Some("https://api.minimax.io/v1"),
        structured: StructuredOutput::Json,
        ..USUAL
    },
    Preset {
        name: "sarvam",
        prefix: "sarvam",
        // The reference's `sarvam-m` is no longer served.
        model: Some("sarvam-30b"),
        key: Some("SARVAM_API_KEY"),
        address: Some("SARVAM_API_BASE"),
        base_url: Some("https://api.sarvam.ai/v1"),
        structured: StructuredOutput::Prompt,
        ..USUAL
    },
    Preset {
        name: "mistral",
        prefix: "mistral",
        model: Some("mistral-small-latest"),
        key: Some("MISTRAL_API_KEY"),
        base_url: Some("https://api.mistral.ai/v1"),
        ..USUAL
    },
    Preset {
        name: "openrouter",
        prefix: "openrouter",
        model: Some("openai/gpt-5-mini"),
        key: Some("OPENROUTER_API_KEY"),
        address: Some("OPENROUTER_API_BASE"),
        base_url: Some("https://openrouter.ai/api/v1"),
        top_k: true,
        ..USUAL
    },
    Preset {
        name: "vllm",
        prefix: "vllm",
        model: Some("Qwen/Qwen2.5-32B-Instruct"),
        key: Some("VLLM_API_KEY"),
        open: true,
        address: Some("VLLM_BASE_URL"),
        base_url: Some("http://localhost:8000/v1"),
        top_k: true,
        ..USUAL
    },
    Preset {
        name: "lmstudio",
        prefix: "lmstudio",
        model: Some("lmstudio-community/Meta-Llama-3.1-70B-Instruct-GGUF/Meta-Llama-3.1-70B-Instruct-IQ2_M.gguf"),
        open: true,
        base_url: Some("http://localhost:1234/v1"),
        top_k: true,
        ..USUAL
    },
    Preset {
        name: "litellm",
        prefix: "litellm",
        model: Some("gpt-5-mini"),
        key: Some("LITELLM_API_KEY"),
        open: true,
        address: Some("LITELLM_API_BASE"),
        base_url: Some("http://localhost:4000/v1"),
        ..USUAL
    },
    Preset {
        name: "llama_cpp",
        prefix: "llama_cpp",
        // It serves one model, whatever it is called.
        model: Some("default"),
        key: Some("LLAMA_API_KEY"),
        open: true,
        base_url: Some("http://localhost:8080/v1"),
        top_k: true,
        ..USUAL
    },
    Preset {
        name: "openai_compatible",
        prefix: "openai_compatible",
        open: true,
        structured: StructuredOutput::Json,
        ..USUAL
    },
];
