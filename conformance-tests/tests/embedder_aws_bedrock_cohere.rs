//! The embedder suite on `aws_bedrock_cohere`, over a fake.

use conformance_tests::backends::RemoteEmbedder;
use conformance_tests::fakes::embed_aws_bedrock::CohereOnBedrock;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "aws_bedrock_cohere", harness: RemoteEmbedder<CohereOnBedrock>, xfail: [] }
