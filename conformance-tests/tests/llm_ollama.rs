//! The language model suite on `ollama`.

use conformance_tests::backends::OllamaHarness;
use conformance_tests::{LlmHarness, llm_suite};

llm_suite! { name: "ollama", harness: OllamaHarness, xfail: [("r5_a_withheld_answer_says_so", "Ollama has no word for an answer that was withheld")] }
