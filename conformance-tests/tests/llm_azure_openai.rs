//! The language model suite on `azure_openai`.

use conformance_tests::backends::openai::AzureOpenAiHarness;
use conformance_tests::{LlmHarness, llm_suite};

llm_suite! { name: "azure_openai", harness: AzureOpenAiHarness, xfail: [] }
