use serde_json::{Value, json};

use super::*;
use crate::shared::testing::{sent, talk, wrong};
use mem0_http::ClientOptions;

fn handle(more: Value) -> Result<VertexAi> {
    let mut config = json!({"access_token": "t-1", "project": "p-1", "model": "gemini-2.0-flash"});
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    VertexAi::new(provider_config(config).unwrap(), Arc::new(SystemClock))
}

#[test]
fn the_address_names_project_location_and_model() {
    let url = |more| handle(more).unwrap().url;
    assert_eq!(
        url(json!({"location": "europe-west4"})),
        "https://europe-west4-aiplatform.googleapis.com/v1/projects/p-1/locations/europe-west4/publishers/google/\
         models/gemini-2.0-flash:generateContent"
    );
    assert!(url(json!({"location": "global"})).starts_with("https://aiplatform.googleapis.com/v1/projects/p-1/"));
    assert!(url(json!({"location": "us-east1", "base_url": "http://x:1/"})).starts_with("http://x:1/v1/projects/"));
}

#[tokio::test]
async fn a_request_has_the_body_of_gemini_and_carries_the_token() {
    let vertex = handle(json!({"location": "global", "top_k": 3})).unwrap();
    let client = Client::new(&ClientOptions::default()).unwrap();
    let request = vertex.authorize(&client, vertex.request(&talk()).unwrap()).await.unwrap();
    assert_eq!(
        sent(&request),
        "POST https://aiplatform.googleapis.com/v1/projects/p-1/locations/global/publishers/google/models/\
         gemini-2.0-flash:generateContent\ncontent-type: application/json\nauthorization: Bearer t-1\n\n\
         {\"contents\":[{\"role\":\"user\",\"parts\":[{\"text\":\"Hi\"}]},\
         {\"role\":\"model\",\"parts\":[{\"text\":\"Yes?\"}]},\
         {\"role\":\"user\",\"parts\":[{\"text\":\"Was ist „das“?\"}]}],\
         \"systemInstruction\":{\"parts\":[{\"text\":\"Be terse.\"}]},\
         \"generationConfig\":{\"temperature\":0.1,\"topK\":3}}"
    );
}

#[test]
fn what_cannot_be_part_of_an_address_and_what_has_no_use_is_refused() {
    for odd in [json!({"project": "a/b"}), json!({"location": "evil.example/"}), json!({"api_key": "hush"})] {
        let error = handle(odd).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!format!("{error:?}").contains("hush"));
    }
    assert_eq!(wrong::<VertexAiConfig>(json!({"projct": "x"})), ErrorKind::Config);
}
