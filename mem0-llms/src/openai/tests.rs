//! Exact bytes, and what each host is told apart by.

use std::collections::HashMap;

use mem0_core::{
    ErrorKind, Finish, Image, LlmCapabilities, LlmRequest, OutputSchema, StructuredOutput, Turn, check_llm_request,
};
use mem0_http::{Method, check_status};
use serde_json::json;

use super::*;
use crate::shared::testing::{answered, body, refused, sent};

const NOTHING: &[(&str, &str)] = &[];

fn preset(name: &str) -> &'static Preset {
    PRESETS.iter().find(|preset| preset.name == name).unwrap()
}

fn try_model(name: &str, config: Value, variables: &[(&str, &str)]) -> Result<ChatCompletions> {
    let preset = preset(name);
    let variables: HashMap<&str, &str> = variables.iter().copied().collect();
    let config = provider_config(config::own_names(preset, config)?)?;
    let settings = Settings::resolve(preset, config, &|name| variables.get(name).map(|value| (*value).to_owned()))?;
    Ok(ChatCompletions { settings })
}

/// A model whose key is `k`.
fn model(name: &str, mut config: Value) -> ChatCompletions {
    if config["azure_kwargs"].is_null() {
        config["api_key"] = json!("k");
    }
    try_model(name, config, NOTHING).unwrap()
}

fn question() -> LlmRequest {
    LlmRequest::new("Be brief.", "Hi")
}

fn schema() -> OutputSchema {
    let schema = json!({
        "type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": false,
    });
    OutputSchema::new("facts", schema)
}

/// The request as it goes over the wire.
fn shown(model: &ChatCompletions, request: &LlmRequest) -> String {
    check_llm_request(request, model.capabilities()).unwrap();
    sent(&model.request(request).unwrap())
}

#[test]
fn plain() {
    let model = model("openai", json!({"model": "gpt-4.1-mini"}));
    insta::assert_snapshot!(shown(&model, &question()), @r#"
    POST https://api.openai.com/v1/chat/completions
    content-type: application/json
    authorization: Bearer k

    {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],"model":"gpt-4.1-mini","max_completion_tokens":8192,"temperature":0.1}
    "#);
}

#[test]
fn with_a_schema() {
    let model = model("openai", json!({"model": "gpt-4.1-mini", "store": false, "top_p": 0.5}));
    insta::assert_snapshot!(shown(&model, &question().with_schema(schema())), @r#"
    POST https://api.openai.com/v1/chat/completions
    content-type: application/json
    authorization: Bearer k

    {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],"model":"gpt-4.1-mini","max_completion_tokens":8192,"response_format":{"type":"json_schema","json_schema":{"name":"facts","schema":{"additionalProperties":false,"properties":{"a":{"type":"string"}},"required":["a"],"type":"object"},"strict":true}},"store":false,"temperature":0.1,"top_p":0.5}
    "#);
}

#[test]
fn by_a_tool() {
    let model = model("together", json!({"model": "m", "structured_output": "tool", "top_k": 4}));
    insta::assert_snapshot!(shown(&model, &question().with_schema(schema())), @r#"
    POST https://api.together.xyz/v1/chat/completions
    content-type: application/json
    authorization: Bearer k

    {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],"model":"m","max_tokens":8192,"temperature":0.1,"tools":[{"type":"function","function":{"name":"facts","parameters":{"additionalProperties":false,"properties":{"a":{"type":"string"}},"required":["a"],"type":"object"},"strict":true}}],"tool_choice":{"type":"function","function":{"name":"facts"}},"top_k":4}
    "#);
}

#[test]
fn in_json_mode() {
    let model = model("deepseek", json!({"headers": {"x-team": "blue"}, "extra": {"thinking": {"type": "disabled"}}}));
    insta::assert_snapshot!(shown(&model, &question().with_schema(schema())), @r#"
    POST https://api.deepseek.com/chat/completions
    content-type: application/json
    authorization: Bearer k
    x-team: blue

    {"messages":[{"role":"system","content":"Be brief.\n\nAnswer with one JSON object and with nothing else: no prose, no code fence. The object conforms to this JSON Schema:\n{\"additionalProperties\":false,\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"],\"type\":\"object\"}"},{"role":"user","content":"Hi"}],"model":"deepseek-v4-flash","response_format":{"type":"json_object"},"max_tokens":8192,"temperature":0.1,"thinking":{"type":"disabled"}}
    "#);
}

#[test]
fn in_the_prompt_only() {
    let model =
        model("sarvam", json!({"model": {"name": "sarvam-105b", "reasoning_effort": "low", "wiki_grounding": true}}));
    insta::assert_snapshot!(shown(&model, &LlmRequest::new("", "Hi").with_schema(schema())), @r#"
    POST https://api.sarvam.ai/v1/chat/completions
    content-type: application/json
    authorization: Bearer k

    {"messages":[{"role":"system","content":"Answer with one JSON object and with nothing else: no prose, no code fence. The object conforms to this JSON Schema:\n{\"additionalProperties\":false,\"properties\":{\"a\":{\"type\":\"string\"}},\"required\":[\"a\"],\"type\":\"object\"}"},{"role":"user","content":"Hi"}],"model":"sarvam-105b","reasoning_effort":"low","max_tokens":8192,"temperature":0.1,"wiki_grounding":true}
    "#);
}

#[test]
fn a_model_that_reasons_takes_no_sampling() {
    let config = json!({"temperature": 0.7, "top_p": 0.2, "reasoning_effort": "minimal", "max_tokens": 9});
    let mut request = question();
    request.temperature = Some(1.0);
    insta::assert_snapshot!(shown(&model("openai", config), &request), @r#"
    POST https://api.openai.com/v1/chat/completions
    content-type: application/json
    authorization: Bearer k

    {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],"model":"gpt-5-mini","reasoning_effort":"minimal","max_completion_tokens":9}
    "#);
    // The flag decides where a name says nothing, or the wrong thing.
    let told = body(&model("vllm", json!({"model": "mine", "is_reasoning_model": true})), &question());
    assert_eq!((told.get("temperature"), &told["max_completion_tokens"]), (None, &json!(8192)));
    let told = body(&model("openai", json!({"model": "o3", "is_reasoning_model": false})), &question());
    assert_eq!(told["temperature"], json!(0.1));
}

#[test]
fn images_are_parts() {
    let model = model("openai", json!({"model": "gpt-4o", "enable_vision": true, "vision_details": "low"}));
    let image = Image::new("data:image/png;base64,iVBORw0KGgo=").unwrap();
    let mut request = question();
    request.turns = vec![Turn::user("Look").with_images(vec![image]), Turn::assistant("Yes"), Turn::user("And?")];
    insta::assert_snapshot!(shown(&model, &request), @r#"
    POST https://api.openai.com/v1/chat/completions
    content-type: application/json
    authorization: Bearer k

    {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":[{"type":"text","text":"Look"},{"type":"image_url","image_url":{"url":"data:image/png;base64,iVBORw0KGgo=","detail":"low"}}]},{"role":"assistant","content":"Yes"},{"role":"user","content":"And?"}],"model":"gpt-4o","max_completion_tokens":8192,"temperature":0.1}
    "#);
}

#[test]
fn azure_has_a_deployment_or_the_v1_address() {
    let azure = |kwargs: Value| model("azure_openai", json!({"azure_kwargs": kwargs}));
    let dated = azure(json!({
        "api_key": "k", "azure_deployment": "mini", "azure_endpoint": "https://a.openai.azure.com/",
        "api_version": "2024-10-21", "default_headers": {"x-ms-region": "eu"},
    }));
    insta::assert_snapshot!(shown(&dated, &LlmRequest::new("", "The assistant of an assistant")), @r#"
    POST https://a.openai.azure.com/openai/deployments/mini/chat/completions?api-version=2024-10-21
    content-type: application/json
    api-key: k
    x-ms-region: eu

    {"messages":[{"role":"user","content":"The assistant of an assistant"}],"model":"mini","max_completion_tokens":8192,"temperature":0.1}
    "#);
    for endpoint in ["https://a.openai.azure.com", "https://a.openai.azure.com/openai/v1/"] {
        let v1 = azure(json!({"api_key": "k", "azure_deployment": "mini", "azure_endpoint": endpoint}));
        assert_eq!(v1.settings.url, "https://a.openai.azure.com/openai/v1/chat/completions");
        assert_eq!(body(&v1, &question())["model"], "mini");
    }
    for bad in ["a/b", "", "a?b", "ü"] {
        let kwargs = json!({"api_key": "k", "azure_deployment": bad, "azure_endpoint": "https://a"});
        let error = try_model("azure_openai", json!({"azure_kwargs": kwargs}), NOTHING).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{bad}");
    }
}

#[test]
fn azure_takes_a_token_instead_of_a_key() {
    let place = json!({"azure_deployment": "mini", "azure_endpoint": "https://a.openai.azure.com"});
    let sent = |config: Value, variables: &[(&str, &str)]| {
        let request = try_model("azure_openai", config, variables).unwrap().request(&question()).unwrap();
        (request.header("api-key").map(str::to_owned), request.header("authorization").map(str::to_owned))
    };
    let variables = [("LLM_AZURE_OPENAI_API_KEY", "env-key"), ("AZURE_OPENAI_AD_TOKEN", "env-token")];
    let key = |key: &str| (Some(key.to_owned()), None);
    let token = |token: &str| (None, Some(format!("Bearer {token}")));
    let configured = json!({"azure_kwargs": place, "azure_ad_token": "t"});
    assert_eq!(sent(configured, &variables), token("t"));
    assert_eq!(sent(json!({"azure_kwargs": place}), &variables), key("env-key"));
    assert_eq!(sent(json!({"azure_kwargs": place}), &variables[1..]), token("env-token"));
    assert_eq!(sent(json!({"azure_kwargs": place, "api_key": "k"}), &variables), key("k"));
}

#[test]
fn openrouter_is_told_who_asks() {
    let config = json!({
        "models": ["a/b", "c/d"], "route": "fallback", "site_url": "https://example.com", "app_name": "Notes", "top_k": 2,
    });
    insta::assert_snapshot!(shown(&model("openrouter", config), &question()), @r#"
    POST https://openrouter.ai/api/v1/chat/completions
    content-type: application/json
    authorization: Bearer k
    http-referer: https://example.com
    x-title: Notes

    {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"Hi"}],"model":"openai/gpt-5-mini","max_completion_tokens":8192,"models":["a/b","c/d"],"route":"fallback","top_k":2}
    "#);
}

/// Every variable that any of these providers reads.
fn all_variables() -> Vec<&'static str> {
    let own = PRESETS.iter().flat_map(|preset| [preset.key, preset.address]).flatten();
    own.chain(["LLM_AZURE_DEPLOYMENT", "LLM_AZURE_API_VERSION", "AZURE_OPENAI_AD_TOKEN"]).collect()
}

#[test]
fn no_variable_of_one_provider_redirects_another() {
    for preset in PRESETS.iter().filter(|preset| preset.prefix != "azure") {
        let own = [preset.key, preset.address];
        let foreign: Vec<(&str, &str)> = all_variables()
            .into_iter()
            .filter(|name| !own.contains(&Some(name)))
            .map(|name| (name, "https://evil"))
            .collect();
        let mut config = json!({"api_key": "k"});
        if preset.base_url.is_none() {
            config = json!({"base_url": "http://mine", "model": "m"});
        }
        let alone = try_model(preset.name, config.clone(), NOTHING).unwrap();
        let among = try_model(preset.name, config, &foreign).unwrap();
        assert_eq!(shown(&among, &question()), shown(&alone, &question()), "{}", preset.name);
        // Without a key of its own it does not take another's.
        if !preset.open {
            let error = try_model(preset.name, Value::Null, &foreign).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{}", preset.name);
            assert!(error.to_string().contains(preset.key.unwrap()), "{error}");
        }
    }
}

#[test]
fn its_own_variables_count_after_the_configuration() {
    for preset in PRESETS.iter().filter(|preset| preset.prefix != "azure") {
        let variables = [(preset.key.unwrap_or("-"), "env-key"), (preset.address.unwrap_or("-"), "http://env/v1/")];
        let base = json!({"model": "m", "base_url": preset.base_url.is_none().then_some("http://mine")});
        let found = try_model(preset.name, base, &variables).unwrap();
        let request = found.request(&question()).unwrap();
        assert_eq!(request.method, Method::Post);
        let due = preset.key.map(|_| "Bearer env-key");
        assert_eq!(request.header("authorization"), due, "{}", preset.name);
        if preset.address.is_some() {
            assert_eq!(request.url, "http://env/v1/chat/completions", "{}", preset.name);
        }
        let own = json!({"model": "m", "api_key": "own", format!("{}_base_url", preset.prefix): "http://own"});
        let request = try_model(preset.name, own, &variables).unwrap().request(&question()).unwrap();
        assert_eq!(request.header("authorization"), Some("Bearer own"), "{}", preset.name);
        assert_eq!(request.url, "http://own/chat/completions", "{}", preset.name);
    }
}

#[test]
fn configurations_of_the_python_library_start_unchanged() {
    let common = json!({
        "model": "some-model", "temperature": 0.1, "api_key": "k", "max_tokens": 2000, "top_p": 0.1, "top_k": 1,
        "enable_vision": false, "vision_details": "auto", "reasoning_effort": "low", "is_reasoning_model": false,
        "http_client_proxies": {"https://": "http://proxy:3128"},
    });
    let with = |more: Value| {
        let mut config = common.as_object().unwrap().clone();
        config.extend(more.as_object().unwrap().clone());
        Value::Object(config)
    };
    let azure = json!({"azure_kwargs": {
        "api_key": "k", "azure_deployment": "d", "azure_endpoint": "https://a.openai.azure.com",
        "api_version": "2024-10-21", "default_headers": null,
    }});
    let openai = json!({
        "models": ["a"], "route": "fallback", "openrouter_base_url": "https://openrouter.ai/api/v1",
        "openai_base_url": "https://api.openai.com/v1", "site_url": "https://s", "app_name": "n", "store": false,
    });
    for (name, more) in [
        ("openai", openai.clone()),
        ("openai_structured", openai),
        ("azure_openai", azure.clone()),
        ("azure_openai_structured", azure),
        ("groq", json!({})),
        ("together", json!({})),
        ("deepseek", json!({"deepseek_base_url": "https://api.deepseek.com"})),
        ("xai", json!({"xai_base_url": "https://api.x.ai/v1"})),
        ("minimax", json!({"minimax_base_url": "https://api.minimax.io/v1"})),
        ("vllm", json!({"vllm_base_url": "http://localhost:8000/v1"})),
        (
            "lmstudio",
            json!({"lmstudio_base_url": "http://localhost:1234/v1", "lmstudio_response_format": {"type": "json_object"}}),
        ),
        ("sarvam", json!({})),
        ("litellm", json!({})),
        ("mistral", json!({})),
    ] {
        let opened = open(preset(name), with(more));
        let opened = opened.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((opened.provider(), opened.capabilities().vision), (name, false));
    }
}

#[test]
fn keys_of_other_providers_are_refused() {
    for (name, key, value, hint) in [
        ("openai", "deepseek_base_url", json!("https://x"), "unknown key"),
        ("openai", "modle", json!("m"), "did you mean \"model\"?"),
        ("groq", "azure_kwargs", json!({}), "unknown key \"azure_kwargs\""),
        ("deepseek", "models", json!(["m"]), "unknown key \"models\""),
        ("openai", "base_url", json!("https://u:hush@x"), "without a password"),
        ("openai", "base_url", json!("api.openai.com"), "http(s)"),
        ("openai", "vision_details", json!("sharp"), "vision_details"),
        ("openai", "headers", json!({"x y": "hush"}), "cannot be sent"),
        ("openai_compatible", "model", json!("m"), "`base_url`"),
        ("openai_compatible", "base_url", json!("http://x"), "`model`"),
    ] {
        let mut config = json!({"api_key": "k"});
        config[key] = value;
        let error = try_model(name, config, NOTHING).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{name} {key}");
        assert!(error.to_string().contains(hint) && !format!("{error:?}").contains("hush"), "{error:?}");
    }
    let twice = json!({"openai_base_url": "http://a", "base_url": "http://b"});
    assert_eq!(try_model("openai", twice, NOTHING).unwrap_err().kind(), ErrorKind::Config);
}

#[test]
fn settings_show_no_key() {
    let config = json!({"model": "m", "api_key": "hush", "headers": {"x-api": "hush"}});
    let model = try_model("openrouter", config, NOTHING).unwrap();
    assert!(!format!("{model:?}").contains("hush"));
}

#[test]
fn what_a_host_can_is_known() {
    use StructuredOutput::{Json, Prompt, Schema};
    for (name, model, kind) in [
        ("openai", "gpt-5-mini", Schema),
        ("openai", "gpt-3.5-turbo", Json),
        ("groq", "llama-3.3-70b-versatile", Json),
        ("groq", "groq/compound", Prompt),
        ("groq", "openai/gpt-oss-120b", Schema),
        ("lmstudio", "m", Schema),
        ("sarvam", "sarvam-30b", Prompt),
    ] {
        let found = try_model(name, json!({"model": model, "api_key": "k"}), NOTHING).unwrap().capabilities();
        assert_eq!(found.structured_output, kind, "{name} {model}");
    }
    let told = try_model("openai", json!({"api_key": "k", "structured_output": "prompt", "vision": false}), NOTHING);
    assert_eq!(told.unwrap().capabilities(), LlmCapabilities::new(Prompt));
}

fn answer(body: Value) -> Result<LlmResponse> {
    answered(&model("openai", json!({})), &body.to_string())
}

fn choice(message: Value, reason: &str) -> Value {
    json!({"choices": [{"index": 0, "message": message, "finish_reason": reason}]})
}

#[test]
fn answers_of_many_hosts_are_read() {
    let said = |content: Value| choice(json!({"role": "assistant", "content": content}), "stop");
    for (body, text, finish) in [
        (said(json!("Hi")), "Hi", Finish::Complete),
        (said(json!(null)), "", Finish::Complete),
        (said(json!("<think>\nhm\n</think>\n\nHi")), "Hi", Finish::Complete),
        (said(json!("\n<think></think>Hi")), "Hi", Finish::Complete),
        (said(json!("a <think>b</think>")), "a <think>b</think>", Finish::Complete),
        // Mistral's and others' lists of parts.
        (
            said(
                json!([{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Hi"}]),
            ),
            "Hi",
            Finish::Complete,
        ),
        (choice(json!({"content": "<think>hm"}), "length"), "", Finish::Length),
        (choice(json!({"content": "Hi", "reasoning_content": "hm", "reasoning": "hm"}), "eos"), "Hi", Finish::Complete),
        (choice(json!({"content": "Once"}), "model_length"), "Once", Finish::Length),
        (choice(json!({"content": ""}), "content_filter"), "", Finish::Filtered),
        (choice(json!({"content": null, "refusal": "No."}), "stop"), "", Finish::Filtered),
        (
            choice(
                json!({"content": null, "tool_calls": [{"id": "1", "type": "function",
                "function": {"name": "facts", "arguments": "{\"a\": 1}"}}]}),
                "tool_calls",
            ),
            "{\"a\": 1}",
            Finish::Complete,
        ),
    ] {
        let response = answer(body.clone()).unwrap();
        assert_eq!((response.text.as_str(), response.finish), (text, finish), "{body}");
    }
}

#[test]
fn thoughts_count_whoever_counts_them() {
    for (usage, due) in [
        (json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}), (10, 5)),
        (json!({"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 25}), (10, 15)),
        (json!({"prompt_tokens": 10, "completion_tokens": 5}), (10, 5)),
        (json!({"prompt_tokens": 10, "total_tokens": 10}), (10, 0)),
        (json!(null), (0, 0)),
    ] {
        let mut body = choice(json!({"content": "Hi"}), "stop");
        body["usage"] = usage.clone();
        let found = answer(body).unwrap().usage;
        assert_eq!((found.input, found.output), due, "{usage}");
    }
}

#[test]
fn an_error_inside_a_success_is_one() {
    for (body, kind) in [
        (json!({"error": {"code": 429, "message": "hush"}}), ErrorKind::RateLimited),
        (json!({"error": {"code": 402, "message": "hush"}}), ErrorKind::QuotaExceeded),
        (json!({"error": {"code": 502, "message": "hush"}}), ErrorKind::Unavailable),
        (json!({"error": {"message": "hush"}}), ErrorKind::BadModelOutput),
        (json!({"choices": []}), ErrorKind::BadModelOutput),
        (json!({"choices": [{"finish_reason": "stop"}]}), ErrorKind::BadModelOutput),
        (choice(json!({"content": "hush"}), "error"), ErrorKind::Unavailable),
        (choice(json!({"content": "hush"}), "insufficient_system_resource"), ErrorKind::Unavailable),
    ] {
        let error = answer(body.clone()).unwrap_err();
        assert_eq!(error.kind(), kind, "{body}");
        assert!(!format!("{error:?}").contains("hush"), "{error:?}");
    }
}

#[test]
fn every_documented_refusal_has_its_kind() {
    for (status, code, kind) in [
        (400, "context_length_exceeded", ErrorKind::ContextLength),
        (400, "string_above_max_length", ErrorKind::ContextLength),
        // llama.cpp's server.
        (400, "exceed_context_size_error", ErrorKind::ContextLength),
        (400, "invalid_value", ErrorKind::InvalidInput),
        (400, "unsupported_parameter", ErrorKind::InvalidInput),
        (400, "billing_hard_limit_reached", ErrorKind::QuotaExceeded),
        (401, "invalid_api_key", ErrorKind::Unauthenticated),
        (402, "", ErrorKind::QuotaExceeded),
        (403, "unsupported_country_region_territory", ErrorKind::PermissionDenied),
        (404, "model_not_found", ErrorKind::NotFound),
        (404, "DeploymentNotFound", ErrorKind::NotFound),
        (413, "", ErrorKind::InvalidInput),
        (422, "", ErrorKind::InvalidInput),
        (429, "rate_limit_exceeded", ErrorKind::RateLimited),
        (429, "insufficient_quota", ErrorKind::QuotaExceeded),
        (500, "server_error", ErrorKind::Unavailable),
        (503, "", ErrorKind::Unavailable),
        (504, "", ErrorKind::Timeout),
    ] {
        let body = json!({"error": {"message": "hush", "type": "t", "param": null, "code": code}}).to_string();
        let error = refused(&model("openai", json!({})), status, &[], &body);
        assert_eq!(error.kind(), kind, "{status} {code}");
        assert!(!format!("{error:?}").contains("hush"));
    }
}

#[test]
fn a_prompt_that_a_filter_refuses_is_withheld() {
    let withheld = |status: u16, code: &str| {
        let body = json!({"error": {"code": code, "message": "m"}}).to_string();
        let mut found = false;
        let _ = check_status(&Response::new(status, Vec::new(), body), |refusal| {
            found = wire::withholds(refusal);
            None
        });
        found
    };
    assert!(withheld(400, "content_filter") && withheld(400, "content_policy_violation"));
    assert!(!withheld(400, "invalid_value") && !withheld(500, "content_filter"));
}
