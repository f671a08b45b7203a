//! The language model suite on `aws_bedrock` with a model without tools.

use conformance_tests::backends::BedrockPromptHarness;
use conformance_tests::{LlmHarness, llm_suite};

llm_suite! { name: "aws_bedrock_prompt", harness: BedrockPromptHarness, xfail: [] }
