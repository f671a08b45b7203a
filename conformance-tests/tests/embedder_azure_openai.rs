//! The embedder suite on `azure_openai`, over a fake.

use conformance_tests::backends::RemoteEmbedder;
use conformance_tests::fakes::embed_openai::AzureOpenAi;
use conformance_tests::{EmbedderHarness, embedder_suite};

embedder_suite! { name: "azure_openai", harness: RemoteEmbedder<AzureOpenAi>, xfail: [] }
