//! The embedder suite on `aws_bedrock`, over a fake.

use conformance_tests::backends::RemoteEmbedder;
use conformance_tests::fakes::embed_aws_bedrock::Titan;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "aws_bedrock", harness: RemoteEmbedder<Titan>, xfail: [] }
