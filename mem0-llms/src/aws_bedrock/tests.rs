use mem0_core::{Timestamp, TokenUsage};
use mem0_http::ClientOptions;
use serde_json::{Value, json};

use super::*;
use crate::shared::testing::{
    PIXEL, answered, body, refused, refuses_what_is_no_answer, schema, sent, shaped, shown, talk, wrong,
};

#[derive(Debug)]
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        "2015-08-30T12:36:00Z".parse().unwrap()
    }

    fn uuid(&self) -> uuid::Uuid {
        uuid::Uuid::nil()
    }
}

fn handle(more: Value) -> Bedrock {
    let mut config = json!({
        "aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "hush", "aws_region": "us-east-1",
        "model": "anthropic.claude-3-haiku-20240307-v1:0",
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Bedrock::new(provider_config(config).unwrap(), Arc::new(Stopped)).unwrap()
}

#[tokio::test]
async fn a_talk_is_these_bytes_and_is_signed() {
    let bedrock = handle(json!({}));
    let client = Client::new(&ClientOptions::default()).unwrap();
    let request = bedrock.authorize(&client, bedrock.request(&talk()).unwrap()).await.unwrap();
    let sent = sent(&request);
    let (head, body) = sent.split_once("\n\n").unwrap();
    let (head, signature) = head.rsplit_once("Signature=").unwrap();
    assert_eq!(
        head,
        "POST https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-3-haiku-20240307-v1%3A0/converse\n\
         content-type: application/json\nx-amz-date: 20150830T123600Z\n\
         authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/bedrock/aws4_request, \
         SignedHeaders=content-type;host;x-amz-date, "
    );
    assert_eq!(signature.len(), 64);
    assert_eq!(
        body,
        "{\"messages\":[{\"role\":\"user\",\"content\":[{\"text\":\"Hi\"}]},\
         {\"role\":\"assistant\",\"content\":[{\"text\":\"Yes?\"}]},\
         {\"role\":\"user\",\"content\":[{\"text\":\"Was ist „das“?\"}]}],\
         \"system\":[{\"text\":\"Be terse.\"}],\"inferenceConfig\":{\"temperature\":0.1}}"
    );
}

#[test]
fn the_address_follows_region_model_and_configuration() {
    let url = |more| handle(more).url;
    assert!(
        url(json!({"aws_region": "cn-north-1"})).starts_with("https://bedrock-runtime.cn-north-1.amazonaws.com.cn/")
    );
    let profile = "arn:aws:bedrock:us-east-1:1:inference-profile/x";
    assert_eq!(
        url(json!({"model": profile, "base_url": "http://x:1/"})),
        "http://x:1/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fx/converse"
    );
}

#[test]
fn a_shape_is_a_tool_or_a_prompt_by_the_family() {
    let claude = body(&handle(json!({})), &shaped());
    assert_eq!(claude["toolConfig"]["tools"][0]["toolSpec"]["inputSchema"], json!({"json": schema()}));
    assert_eq!(claude["toolConfig"]["toolChoice"], json!({"tool": {"name": "note"}}));
    assert_eq!(claude["system"], json!([{"text": "Be terse."}]));
    let mistral = body(&handle(json!({"model": "mistral.mistral-large-2407-v1:0"})), &shaped());
    assert_eq!(mistral["toolConfig"]["toolChoice"], json!({"any": {}}));
    let llama = body(&handle(json!({"model": "meta.llama3-1-70b-instruct-v1:0"})), &shaped());
    assert_eq!(llama["toolConfig"], Value::Null);
    let system = llama["system"][0]["text"].as_str().unwrap();
    assert!(system.starts_with("Be terse.") && system.contains(&schema().to_string()), "{system}");
    let imported = handle(json!({"model": "my-import", "provider_override": "anthropic"}));
    assert_eq!(body(&imported, &shaped())["toolConfig"]["toolChoice"], json!({"tool": {"name": "note"}}));
}

#[test]
fn sampling_guardrail_and_what_only_the_model_knows_are_handed_on() {
    let more = json!({"guardrail_id": "g1", "model_kwargs": {"anthropic_beta": ["x"]}, "top_k": 5, "top_p": 0.5});
    let sent = body(&handle(more), &talk());
    assert_eq!(sent["guardrailConfig"], json!({"guardrailIdentifier": "g1", "guardrailVersion": "DRAFT"}));
    assert_eq!(sent["additionalModelRequestFields"], json!({"anthropic_beta": ["x"], "top_k": 5}));
    assert_eq!(sent["inferenceConfig"], json!({"topP": 0.5}));
    let newest = json!({"model": "anthropic.claude-opus-4-7", "temperature": 0.5, "top_p": 0.5, "top_k": 5});
    let sent = body(&handle(newest), &talk());
    assert_eq!((&sent["inferenceConfig"], &sent["additionalModelRequestFields"]), (&json!({}), &Value::Null));
}

#[test]
fn images_go_as_bytes_of_four_kinds() {
    let content = body(&handle(json!({})), &shown(PIXEL))["messages"][0]["content"].clone();
    assert_eq!(content, json!([{"image": {"format": "png", "source": {"bytes": "iVBORw0KGgo="}}}, {"text": "Look"}]));
    for url in ["https://x.example/a.png", "data:image/tiff;base64,AAAA"] {
        assert_eq!(handle(json!({})).request(&shown(url)).unwrap_err().kind(), ErrorKind::Unsupported, "{url}");
    }
}

#[test]
fn an_answer_is_read_without_its_thoughts() {
    let read = |stop: &str| {
        let body = json!({
            "output": {"message": {"role": "assistant", "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm"}}}, {"text": "It is "}, {"text": "fine."},
            ]}},
            "stopReason": stop,
            "usage": {"inputTokens": 5, "outputTokens": 7, "totalTokens": 332, "cacheReadInputTokens": 300,
                "cacheWriteInputTokens": 20},
        });
        answered(&handle(json!({})), &body.to_string()).unwrap()
    };
    assert_eq!(read("end_turn").text, "It is fine.");
    assert_eq!(read("end_turn").usage, TokenUsage { input: 325, output: 7 });
    for (stop, finish) in [
        ("end_turn", Finish::Complete),
        ("stop_sequence", Finish::Complete),
        ("max_tokens", Finish::Length),
        ("model_context_window_exceeded", Finish::Length),
        ("guardrail_intervened", Finish::Filtered),
        ("content_filtered", Finish::Filtered),
    ] {
        assert_eq!(read(stop).finish, finish, "{stop}");
    }
    let called = r#"{"output": {"message": {"role": "assistant", "content": [{"text": "I call"},
        {"toolUse": {"toolUseId": "t", "name": "note", "input": {"fact": "x"}}}]}}, "stopReason": "tool_use"}"#;
    assert_eq!(answered(&handle(json!({})), called).unwrap().text, r#"{"fact":"x"}"#);
    refuses_what_is_no_answer(&handle(json!({})), &[r#"{"Output": {"__type": "hush"}}"#]);
}

#[test]
fn every_documented_error_has_its_kind() {
    for (status, code, kind) in [
        (400, "ValidationException", ErrorKind::InvalidInput),
        (400, "ServiceQuotaExceededException", ErrorKind::QuotaExceeded),
        (403, "AccessDeniedException", ErrorKind::PermissionDenied),
        (403, "UnrecognizedClientException", ErrorKind::Unauthenticated),
        (403, "InvalidSignatureException", ErrorKind::Unauthenticated),
        (403, "ExpiredTokenException", ErrorKind::Unauthenticated),
        (404, "ResourceNotFoundException", ErrorKind::NotFound),
        (408, "ModelTimeoutException", ErrorKind::Timeout),
        (424, "ModelErrorException", ErrorKind::Unavailable),
        (429, "ThrottlingException", ErrorKind::RateLimited),
        (429, "ModelNotReadyException", ErrorKind::Unavailable),
        (500, "InternalServerException", ErrorKind::Unavailable),
        (503, "ServiceUnavailableException", ErrorKind::Unavailable),
    ] {
        let header = format!("{code}:http://internal.amazon.com/coral/com.amazon.bedrock/");
        let error = refused(&handle(json!({})), status, &[("x-amzn-errortype", &header)], r#"{"message": "hush"}"#);
        assert_eq!(error.kind(), kind, "{status} {code}");
        assert!(error.to_string().contains(code) && !format!("{error:?}").contains("hush"), "{error:?}");
    }
    let long = r#"{"message": "Input is too long for requested model."}"#;
    let code = [("x-amzn-errortype", "ValidationException")];
    assert_eq!(refused(&handle(json!({})), 400, &code, long).kind(), ErrorKind::ContextLength);
}

#[test]
fn a_configuration_of_the_python_library_is_read_and_others_are_refused() {
    let theirs = json!({
        "model": "anthropic.claude-3-5-sonnet-20240620-v1:0", "temperature": 0.1, "max_tokens": 2000, "top_p": 0.9,
        "top_k": 1, "aws_access_key_id": "A", "aws_secret_access_key": "hush", "aws_region": "us-west-2",
        "aws_session_token": "hush", "aws_profile": null, "model_kwargs": {}, "enable_vision": true,
    });
    let read = Bedrock::new(provider_config(theirs).unwrap(), Arc::new(Stopped)).unwrap();
    assert!(!format!("{read:?}").contains("hush"), "{read:?}");
    assert_eq!(wrong::<BedrockConfig>(json!({"aws_regoin": "x"})), ErrorKind::Config);
}
