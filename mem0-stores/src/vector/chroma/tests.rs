use mem0_core::{MemoryId, Payload, Point, Scope};
use uuid::Uuid;

use super::api::{Nearest, Rows, Selection, WHOLE};
use super::*;
use crate::shared::http::testing::{refused, shown};

fn api(config: Value) -> (Api, ChromaConfig) {
    let config: ChromaConfig = mem0_core::provider_config(config).unwrap();
    (ChromaStore::new(config.clone()).unwrap().api, config)
}

fn identity() -> EmbedderIdentity {
    EmbedderIdentity { model: "m".into(), dims: 2, digest: "d".into() }
}

#[test]
fn requests_are_these_bytes() {
    let (api, config) = api(json!({"host": "h", "api_key": "k", "database": "a/b"}));
    let payload = Payload::from_iter([("data".to_owned(), json!("tea \"é\""))]);
    let id = MemoryId::from_uuid(Uuid::from_u128(7));
    let point = Point { id, version: 1, scope: Scope::user("u").unwrap(), vector: vec![0.6, 0.8], payload };
    let row = rows::Row::new(&point).unwrap();
    let rows = Rows {
        ids: vec![id.to_string()],
        embeddings: vec![&point.vector],
        metadatas: vec![row.metadata("mem0:terms:1", None)],
        documents: vec![row.document.clone()],
    };
    let filter = json!({"user_id": {"$eq": "u"}});
    let nearest = Nearest {
        query_embeddings: vec![&[1.0, 0.0]],
        n_results: 21,
        filter: Some(&filter),
        include: ["distances", "metadatas"],
    };
    let some = Selection {
        ids: Some(vec![id.to_string()]),
        filter: Some(filter.clone()),
        include: Some(WHOLE),
        ..Selection::default()
    };
    let page = Selection { limit: Some(5), offset: Some(10), include: Some(&[]), ..Selection::default() };
    let all = [
        api.lookup("notes"),
        api.create(&config, "notes", &written(&identity(), "mem0:terms:1")).unwrap(),
        api.set_metadata("c", &written(&identity(), "mem0:terms:1")).unwrap(),
        api.drop("notes"),
        api.upsert("c", &rows).unwrap(),
        api.get("c", &some).unwrap(),
        api.get("c", &page).unwrap(),
        api.query("c", &nearest).unwrap(),
        api.delete("c", &Selection { filter: Some(filter.clone()), ..Selection::default() }).unwrap(),
        api.count("c"),
    ];
    insta::assert_snapshot!(all.iter().map(shown).collect::<Vec<_>>().join("\n\n"));
}

#[test]
fn chroma_cloud_has_lists_for_an_index() {
    let (api, config) = api(json!({"api_key": "k", "tenant": "t"}));
    let shown = shown(&api.create(&config, "notes", &Payload::new()).unwrap());
    assert!(
        shown.starts_with("POST https://api.trychroma.com/api/v2/tenants/t/databases/mem0/collections\n"),
        "{shown}"
    );
    assert!(shown.contains(r#""configuration":{"spann":{"space":"cosine"}}"#), "{shown}");
}

#[test]
fn every_error_has_its_kind() {
    for (status, body, kind) in [
        (400, r#"{"error":"InvalidArgumentError","message":"m"}"#, ErrorKind::InvalidInput),
        (401, r#"{"error":"AuthError","message":"m"}"#, ErrorKind::Unauthenticated),
        (403, r#"{"error":"AuthError","message":"m"}"#, ErrorKind::PermissionDenied),
        (404, r#"{"error":"NotFoundError","message":"m"}"#, ErrorKind::NotFound),
        (409, r#"{"error":"ChromaError","message":"m"}"#, ErrorKind::Conflict),
        (413, "", ErrorKind::InvalidInput),
        (422, r#"{"error":"ChromaError","message":"m"}"#, ErrorKind::InvalidInput),
        (422, r#"{"error":"QuotaError","message":"m"}"#, ErrorKind::QuotaExceeded),
        (429, r#"{"error":"RateLimitError","message":"m"}"#, ErrorKind::RateLimited),
        (500, r#"{"error":"InternalError","message":"m"}"#, ErrorKind::Unavailable),
        (501, "", ErrorKind::Unsupported),
        (503, "", ErrorKind::Unavailable),
        (504, "", ErrorKind::Timeout),
    ] {
        assert_eq!(refused(refine, status, body).kind(), kind, "{status} {body}");
    }
}

#[test]
fn names_stay_apart_and_fit() {
    let names = ["abc", "a", "ab", "_ab", "ab_", "-", "a-b", "mem0", "mem0_a_0"];
    let there: std::collections::BTreeSet<_> = names.iter().map(|name| chroma_name(name)).collect();
    assert_eq!(there.len(), names.len());
    for name in &there {
        assert!(name.len() >= 3 && name.starts_with(|c: char| c.is_ascii_alphanumeric()), "{name}");
        assert!(name.ends_with(|c: char| c.is_ascii_alphanumeric()), "{name}");
    }
    assert_eq!(chroma_name("mem0_entities"), "mem0_entities");
}

#[test]
fn an_identity_is_read_as_it_was_written() {
    assert_eq!(read(&written(&identity(), "mem0:terms:1")).unwrap(), Some((identity(), "mem0:terms:1".to_owned())));
    assert_eq!(read(&Payload::new()).unwrap(), None);
    let damaged = Payload::from_iter([(MODEL.to_owned(), json!("m"))]);
    assert_eq!(read(&damaged).unwrap_err().kind(), ErrorKind::Corrupt);
}
