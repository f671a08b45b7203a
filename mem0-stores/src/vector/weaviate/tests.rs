use std::collections::BTreeSet;

use mem0_core::{EmbedderIdentity, MemoryId, Payload, Point, Scope};
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::api::{By, Question, Replication};
use super::filter::Where;
use super::objects::{NEAR, Object, WHOLE, WORDED};
use super::*;
use crate::shared::http::testing::{refused, shown};

fn api(config: Value) -> (Api, WeaviateConfig) {
    let config: WeaviateConfig = mem0_core::provider_config(config).unwrap();
    (WeaviateStore::new(config.clone()).unwrap().api, config)
}

fn identity() -> EmbedderIdentity {
    EmbedderIdentity { model: "m \"x\"".into(), dims: 2, digest: "d".into() }
}

#[test]
fn requests_are_these_bytes() {
    let (api, config) = api(json!({"cluster_url": "http://h", "api_key": "k", "consistency_level": "QUORUM"}));
    let two = Class { replication: Replication { factor: 2 }, ..Class::default() };
    let replicated = api.clone().with_replicas(&two);
    let payload = Payload::from_iter([("data".to_owned(), json!("tea \"é\""))]);
    let id = MemoryId::from_uuid(Uuid::from_u128(7));
    let point = Point { id, version: 1, scope: Scope::user("u").unwrap(), vector: vec![0.6, 0.8], payload };
    let which = Where::Any(vec!["x1".to_owned()]);
    let question = |by| Question { by, condition: Some(which.clone()), limit: 5 };
    let near = [question(By::Vector(&[1.0, 0.0])), Question { condition: None, ..question(By::Vector(&[0.0, 1.0])) }];
    let all = [
        api.lookup("Mem0"),
        api.create(&config, "Mem0", &identity()).unwrap(),
        api.drop("Mem0"),
        api.write(&[Object::new("Mem0", &point).unwrap()]).unwrap(),
        api.delete("Mem0", &which).unwrap(),
        api.get("Mem0", &near, NEAR).unwrap(),
        api.get("Mem0", &[question(By::Words("\"}) {evil} \\ é\n"))], WORDED).unwrap(),
        api.get("Mem0", &[question(By::Id)], WHOLE).unwrap(),
        api.get("Mem0", &[Question { condition: None, ..question(By::Behind(id)) }], WHOLE).unwrap(),
        api.count("Mem0", Some(&which)).unwrap(),
        api.count("Mem0", None).unwrap(),
        replicated.get("Mem0", &[question(By::Id)], NEAR).unwrap(),
    ];
    insta::assert_snapshot!(all.iter().map(shown).collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn every_error_has_its_kind() {
    for (status, kind) in [
        (400, ErrorKind::InvalidInput),
        (401, ErrorKind::Unauthenticated),
        (403, ErrorKind::PermissionDenied),
        (404, ErrorKind::NotFound),
        (413, ErrorKind::InvalidInput),
        (422, ErrorKind::InvalidInput),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Unavailable),
        (503, ErrorKind::Unavailable),
        (504, ErrorKind::Timeout),
        (507, ErrorKind::QuotaExceeded),
    ] {
        assert_eq!(refused(refine, status, r#"{"error":[{"message":"m"}]}"#).kind(), kind, "{status}");
    }
    for (message, kind) in [
        ("Cannot query field \"Mem0\" on type \"GetObjectsObj\".", ErrorKind::NotFound),
        ("no graphql provider present, this is most likely because no schema is present", ErrorKind::NotFound),
        ("vector search: context deadline exceeded", ErrorKind::Timeout),
        ("unauthorized: invalid api key", ErrorKind::Unauthenticated),
        ("forbidden: no permission", ErrorKind::PermissionDenied),
        ("shard is read-only", ErrorKind::Unavailable),
        ("invalid something: hush", ErrorKind::Internal),
    ] {
        let error = api::refused(message);
        assert_eq!(error.kind(), kind, "{message}");
        assert!(!format!("{error:?}").contains("hush"));
    }
}

#[test]
fn an_identity_is_read_as_it_was_written() {
    let class = |description: &str| Class { description: Some(description.to_owned()), ..Class::default() };
    assert_eq!(api::identity(&class(&api::described(&identity()))).unwrap(), identity());
    for (description, kind) in [
        ("A class of somebody else", ErrorKind::AlreadyExists),
        (r#"{"mem0":{"layout":9}}"#, ErrorKind::Corrupt),
        (r#"{"mem0":{"layout":1,"identity":{"model":"m"}}}"#, ErrorKind::Corrupt),
    ] {
        assert_eq!(api::identity(&class(description)).unwrap_err().kind(), kind, "{description}");
    }
}

#[test]
fn one_replica_is_not_immediate() {
    let immediate = |level: &str| {
        let config: WeaviateConfig = mem0_core::provider_config(json!({"consistency_level": level})).unwrap();
        WeaviateStore::new(config).unwrap().capabilities.immediate
    };
    assert!(!immediate("ONE") && immediate("QUORUM"));
}

#[test]
fn plain_names_are_kept() {
    assert_eq!(class_name("mem0"), "Mem0");
    assert_eq!(class_name("mem0_entities"), "Mem0_entities");
}

proptest! {
    #[test]
    fn classes_are_apart_and_legal(a in "[a-zA-Z0-9_-]{1,128}", b in "[aAbB_-]{1,4}", c in "[aAbB_-]{1,4}") {
        let coded = class_name("A").to_ascii_lowercase();
        for (one, other) in [(&a, &b), (&b, &c), (&c, &"A".to_owned()), (&coded, &"A".to_owned())] {
            let classes: BTreeSet<_> = [one, other].map(|name| class_name(name).to_ascii_lowercase()).into();
            prop_assert_eq!(classes.len() == 1, one == other, "{} {}", one, other);
        }
        let class = class_name(&a);
        prop_assert!(class.len() <= 255 && class.starts_with(|c: char| c.is_ascii_uppercase()));
        prop_assert!(class.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    }
}
