//! One question to a real model: `MEM0_TEST_OPENAI_COMPATIBLE_URL` says where
//! (up to `/chat/completions`), `…_MODEL` which, `…_KEY` with which key.

use std::process::ExitCode;

use conformance_tests::server_url;
use conformance_tests::settings::{is_required, server_setting};
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use mem0_core::{BuildContext, Finish, LlmRequest, OutputSchema, Registry};
use serde_json::{Value, json};

const NAME: &str = "openai_compatible";

fn main() -> ExitCode {
    let trial = Trial::ignorable_test("a_real_model_answers_in_a_shape", || match server_url(NAME) {
        Some(url) => ask(&url).map(|()| Completion::Completed),
        None if is_required(NAME) => Err(format!("MEM0_REQUIRE names {NAME}, but there is no address").into()),
        None => Ok(Completion::ignored_with("set MEM0_TEST_OPENAI_COMPATIBLE_URL and …_MODEL")),
    });
    libtest_mimic::run(&Arguments::from_args(), vec![trial]).exit_code()
}

fn ask(url: &str) -> Result<(), Failed> {
    let mut config = json!({"base_url": url, "max_tokens": 512, "temperature": 0.0});
    for (key, what) in [("model", "MODEL"), ("api_key", "KEY")] {
        if let (Some(config), Some(value)) = (config.as_object_mut(), server_setting(NAME, what)) {
            config.insert(key.to_owned(), value.into());
        }
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let response = runtime.block_on(async {
        let mut registry = Registry::new();
        mem0_llms::register(&mut registry);
        let llm = registry.make_llm(NAME, config, &BuildContext::new(".")).await?;
        let schema = json!({
            "type": "object",
            "properties": {"city": {"type": "string"}, "letters": {"type": "integer"}},
            "required": ["city", "letters"],
            "additionalProperties": false,
        });
        let request = LlmRequest::new(
            "You answer in JSON.",
            "Ana lives in Lisbon. Which city is it, and how many letters has its name?",
        );
        llm.generate(&request.with_schema(OutputSchema::new("city", schema))).await
    });
    let response = response.map_err(|error| Failed::from(format!("{error:?}")))?;
    let answer: Value = serde_json::from_str(response.text.trim())?;
    let city = answer.get("city").and_then(Value::as_str).unwrap_or_default();
    if response.finish != Finish::Complete || !city.contains("Lisbon") || response.usage.output == 0 {
        return Err(
            format!("the answer is {answer}, it ended by {:?} and cost {:?}", response.finish, response.usage).into()
        );
    }
    Ok(())
}
