use mem0_core::{ErrorKind, Purpose, provider_config};
use serde_json::{Value, json};

use super::wire::{AZURE, OpenAi, PRESETS};
use crate::shared::Protocol as _;
use crate::shared::testing::{kinds, refused, shown, vectors};

fn made(provider: &str, mut config: Value) -> mem0_core::Result<OpenAi> {
    config["api_key"] = json!("k");
    if provider == AZURE {
        return OpenAi::azure(&provider_config(config)?);
    }
    OpenAi::new(PRESETS.iter().find(|preset| preset.provider == provider).unwrap(), &provider_config(config)?)
}

fn sent(provider: &str, config: Value) -> String {
    let protocol = made(provider, config).unwrap();
    shown(&protocol.request(&["a", "é\""], Purpose::Query).unwrap())
}

const JSON: &str = "content-type: application/json\n";

#[test]
fn requests_are_these_bytes() {
    let own = json!({"base_url": "http://h/v1/"});
    assert_eq!(
        sent("openai", own.clone()),
        format!(
            "POST http://h/v1/embeddings\n{JSON}authorization: Bearer k\n\n{}",
            r#"{"model":"text-embedding-3-small","input":["a","é\""]}"#
        )
    );
    assert_eq!(
        sent(
            "openai",
            json!({"openai_base_url": "http://h", "model": "text-embedding-3-large", "embedding_dims": 256})
        ),
        format!(
            "POST http://h/embeddings\n{JSON}authorization: Bearer k\n\n{}",
            r#"{"model":"text-embedding-3-large","input":["a","é\""],"dimensions":256}"#
        )
    );
    assert_eq!(
        sent("together", json!({})),
        format!(
            "POST https://api.together.xyz/v1/embeddings\n{JSON}authorization: Bearer k\n\n{}",
            r#"{"model":"intfloat/multilingual-e5-large-instruct","input":["a","é\""]}"#
        )
    );
    assert_eq!(
        sent("mistral", json!({"model": "codestral-embed", "embedding_dims": 512})),
        format!(
            "POST https://api.mistral.ai/v1/embeddings\n{JSON}authorization: Bearer k\n\n{}",
            r#"{"model":"codestral-embed","input":["a","é\""],"output_dimension":512}"#
        )
    );
    assert_eq!(
        sent("openai_compatible", json!({"base_url": "http://h", "model": "m", "embedding_dims": 8})),
        format!(
            "POST http://h/embeddings\n{JSON}authorization: Bearer k\n\n{}",
            r#"{"model":"m","input":["a","é\""],"dimensions":8}"#
        )
    );
    assert!(sent("lmstudio", json!({"embedding_dims": 768})).ends_with(
        r#"{"model":"nomic-ai/nomic-embed-text-v1.5-GGUF/nomic-embed-text-v1.5.f16.gguf","input":["a","é\""]}"#
    ));
}

#[test]
fn azure_has_its_own_address_and_header() {
    let azure = json!({"azure_kwargs": {
        "azure_deployment": "d", "azure_endpoint": "https://x.openai.azure.com/", "api_version": "2024-10-21",
        "default_headers": {"x-team": "memory"},
    }});
    assert_eq!(
        sent(AZURE, azure.clone()),
        format!(
            "POST https://x.openai.azure.com/openai/deployments/d/embeddings?api-version=2024-10-21\n\
             {JSON}x-team: memory\napi-key: k\n\n{}",
            r#"{"model":"d","input":["a","é\""]}"#
        )
    );
    let token = json!({"azure_kwargs": {"azure_deployment": "d", "azure_endpoint": "http://h", "azure_ad_token": "t"}});
    let protocol = OpenAi::azure(&provider_config(token).unwrap()).unwrap();
    assert!(shown(&protocol.request(&["a"], Purpose::Store).unwrap()).contains("authorization: Bearer t\n"));
    for missing in ["azure_deployment", "azure_endpoint"] {
        let mut config = azure.clone();
        config["azure_kwargs"].as_object_mut().unwrap().remove(missing);
        let error = made(AZURE, config).unwrap_err();
        assert!(error.to_string().contains(missing), "{error}");
    }
}

#[test]
fn dimensions_are_known_or_asked_for_or_refused() {
    let dims = |provider, config| made(provider, config).map(|protocol| protocol.dims());
    assert_eq!(dims("openai", json!({})).unwrap(), Some(1_536));
    assert_eq!(dims("mistral", json!({})).unwrap(), Some(1_024));
    assert_eq!(dims("lmstudio", json!({})).unwrap(), None);
    assert_eq!(dims("openai", json!({"model": "new"})).unwrap(), None);
    assert_eq!(dims("openai", json!({"embedding_dims": 64})).unwrap(), Some(64));
    for (provider, model) in [("openai", "text-embedding-ada-002"), ("mistral", "mistral-embed")] {
        let error = dims(provider, json!({"model": model, "embedding_dims": 64})).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
    }
}

#[test]
fn answers_are_put_in_order() {
    let protocol = made("openai", json!({})).unwrap();
    let body = r#"{"object":"list","model":"m","usage":{"prompt_tokens":1,"total_tokens":1},
        "data":[{"object":"embedding","index":1,"embedding":[0.5,1]},{"object":"embedding","index":0,"embedding":[1,0]}]}"#;
    assert_eq!(vectors(&protocol, body).unwrap(), [[1.0, 0.0], [0.5, 1.0]]);
    for bad in ["", "{}", r#"{"data":[{"index":0}]}"#, r#"{"data":[{"index":3,"embedding":[1]}]}"#] {
        assert_eq!(vectors(&protocol, bad).unwrap_err().kind(), ErrorKind::BadModelOutput, "{bad}");
    }
}

#[test]
fn documented_errors_have_their_kinds() {
    let too_long = r#"{"error":{"message":"This model's maximum context length is 8192 tokens, however you requested
        9000 tokens","type":"invalid_request_error","param":null,"code":null}}"#;
    let quota = r#"{"error":{"message":"m","type":"insufficient_quota","code":"insufficient_quota"}}"#;
    let limit = r#"{"error":{"message":"m","type":"requests","code":"rate_limit_exceeded"}}"#;
    kinds(
        &made("openai", json!({})).unwrap(),
        &[
            (
                400,
                r#"{"error":{"message":"'$.input' is invalid","type":"invalid_request_error"}}"#,
                ErrorKind::InvalidInput,
            ),
            (400, too_long, ErrorKind::ContextLength),
            (401, r#"{"error":{"code":"invalid_api_key"}}"#, ErrorKind::Unauthenticated),
            (403, r#"{"error":{"code":"unsupported_country_region_territory"}}"#, ErrorKind::PermissionDenied),
            (404, r#"{"error":{"code":"model_not_found"}}"#, ErrorKind::NotFound),
            (429, limit, ErrorKind::RateLimited),
            (429, quota, ErrorKind::QuotaExceeded),
            (500, "", ErrorKind::Unavailable),
            (503, "", ErrorKind::Unavailable),
        ],
    );
    let error = refused(
        &made(AZURE, json!({"azure_kwargs": {"azure_deployment": "d", "azure_endpoint": "http://h"}})).unwrap(),
        404,
        r#"{"error":{"code":"DeploymentNotFound","message":"The API deployment does not exist"}}"#,
    );
    assert!(error.to_string().contains("DeploymentNotFound"), "{error}");
}

#[test]
fn what_a_provider_needs_is_asked_for_by_name() {
    let error = made("openai_compatible", json!({"model": "m"})).unwrap_err().to_string();
    assert!(error.contains("base_url"), "{error}");
    let error = made("openai_compatible", json!({"base_url": "http://h"})).unwrap_err().to_string();
    assert!(error.contains("model"), "{error}");
    let error = made("openai", json!({"embeding_dims": 3})).unwrap_err().to_string();
    assert!(error.contains("did you mean \"embedding_dims\"?"), "{error}");
}

#[test]
fn keys_do_not_show() {
    let protocol = OpenAi::new(&PRESETS[0], &provider_config(json!({"api_key": "hush"})).unwrap()).unwrap();
    assert!(!format!("{protocol:?}").contains("hush"));
}
