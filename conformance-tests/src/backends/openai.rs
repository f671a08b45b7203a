//! OpenAI and hosts of its shape, each over a fake with its habits.

use std::sync::Arc;

use async_trait::async_trait;
use mem0_core::{BuildContext, Llm, Registry, Result};
use serde_json::{Value, json};

use crate::fakes::Reply;
use crate::fakes::openai::{Dialect, FakeOpenAi, OPENAI, too_long};
use crate::harness::{FAKE_KEY, FakeLlm, LlmHarness, Setup};

macro_rules! hosts {
    ($($(#[$meta:meta])* $harness:ident $provider:literal $dialect:expr, |$url:ident| $config:expr;)+) => {$(
        $(#[$meta])*
        #[derive(Debug)]
        pub struct $harness;

        #[async_trait]
        impl LlmHarness for $harness {
            async fn start() -> Setup<Self> {
                Setup::Ready(Self)
            }

            async fn open(&self, config: Value) -> Result<(Arc<dyn Llm>, Arc<dyn FakeLlm>)> {
                let fake = FakeOpenAi::start($dialect).await?;
                let $url = fake.url();
                Ok((made($provider, $config, config).await?, Arc::new(fake)))
            }

            fn too_long(&self) -> Reply {
                too_long()
            }
        }
    )+};
}

hosts! {
    /// `openai`.
    OpenAiHarness "openai" OPENAI,
        |url| json!({"api_key": FAKE_KEY, "openai_base_url": format!("{url}/v1"), "model": "gpt-4.1-mini"});
    /// `openai`, answering by a tool call.
    OpenAiToolHarness "openai" OPENAI,
        |url| json!({
            "api_key": FAKE_KEY, "base_url": format!("{url}/v1/"), "model": "gpt-4o", "structured_output": "tool",
        });
    /// `azure_openai` with a dated version of the API.
    AzureOpenAiHarness "azure_openai"
        Dialect {
            path: "/openai/deployments/mini/chat/completions?api-version=2024-10-21",
            key: ("api-key", ""),
            ..OPENAI
        },
        |url| json!({"vision": true, "azure_kwargs": {
            "api_key": FAKE_KEY, "azure_deployment": "mini", "azure_endpoint": url, "api_version": "2024-10-21",
        }});
    /// `groq`, whose default model has JSON mode only.
    GroqHarness "groq" Dialect { path: "/openai/v1/chat/completions", formats: &["json_object"], ..OPENAI },
        |url| json!({"api_key": FAKE_KEY, "groq_base_url": format!("{url}/openai/v1")});
    /// `deepseek`, which has JSON mode only.
    DeepSeekHarness "deepseek" Dialect { path: "/chat/completions", formats: &["text", "json_object"], ..OPENAI },
        |url| json!({"api_key": FAKE_KEY, "deepseek_base_url": url});
    /// `xai`, which counts thoughts in the total only.
    XaiHarness "xai" Dialect { total_only: true, ..OPENAI },
        |url| json!({"api_key": FAKE_KEY, "xai_base_url": format!("{url}/v1")});
    /// `sarvam`, which is asked for JSON in the prompt.
    SarvamHarness "sarvam" Dialect { formats: &[], ..OPENAI },
        |url| json!({"api_key": FAKE_KEY, "sarvam_base_url": format!("{url}/v1")});
    /// `vllm` with a model that thinks aloud.
    VllmHarness "vllm" Dialect { fields: &["top_k"], thinks_aloud: true, ..OPENAI },
        |url| json!({"api_key": FAKE_KEY, "vllm_base_url": format!("{url}/v1"), "top_k": 20});
}

/// The model that a registry makes of a provider's own keys and those of a
/// case.
pub(super) async fn made(provider: &str, own: Value, case: Value) -> Result<Arc<dyn Llm>> {
    let mut config = own;
    if let (Some(config), Value::Object(case)) = (config.as_object_mut(), case) {
        config.extend(case);
    }
    let mut registry = Registry::new();
    mem0_llms::register(&mut registry);
    registry.make_llm(provider, config, &BuildContext::new(".")).await
}
