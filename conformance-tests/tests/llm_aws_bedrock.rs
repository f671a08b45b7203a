//! The language model suite on `aws_bedrock`.

use conformance_tests::backends::BedrockHarness;
use conformance_tests::{LlmHarness, llm_suite};

llm_suite! { name: "aws_bedrock", harness: BedrockHarness, xfail: [] }
