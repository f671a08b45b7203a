//! A collection as the server has it: how it is made, and whether one that is
//! there is what is asked for.

use std::collections::HashMap;

use mem0_core::{CollectionSpec, EmbedderIdentity, Error, ErrorKind, Result};
use qdrant_client::qdrant::payload_index_params::IndexParams;
use qdrant_client::qdrant::value::Kind;
use qdrant_client::qdrant::vectors_config::Config;
use qdrant_client::qdrant::{
    CollectionInfo, CreateCollection, CreateFieldIndexCollection, Distance, FieldType, HnswConfigDiff,
    IntegerIndexParams, KeywordIndexParams, Modifier, PayloadIndexParams, SparseVectorConfig, SparseVectorParams,
    Struct, Value, VectorParams, VectorsConfig,
};

use super::config::QdrantConfig;
use super::fields;

/// The key of what we note about a collection.
const NOTE: &str = "mem0";

/// How points are laid out; what another version wrote is not touched.
const LAYOUT: i64 = 1;

/// The fields that are indexed. The ids of a scope come first: whoever asks,
/// asks for one.
const INDEXES: [(&str, Index); 12] = [
    ("user_id", Index::Tenant),
    ("agent_id", Index::Scope),
    ("run_id", Index::Scope),
    ("app_id", Index::Scope),
    ("org_id", Index::Scope),
    (fields::TERMS, Index::Word),
    (fields::HIGH, Index::Number),
    (fields::LOW, Index::Number),
    ("_mem0.order[].name", Index::Word),
    ("_mem0.order[].high", Index::Number),
    ("_mem0.order[].low", Index::Number),
    ("_mem0.order[].rest", Index::Number),
];

#[derive(Clone, Copy)]
enum Index {
    /// The server lays points out by it.
    Tenant,
    /// The graph has links among the points of one value.
    Scope,
    /// Looked up, without links: most values would get useless ones.
    Word,
    /// Compared, never looked up.
    Number,
}

#[allow(deprecated, reason = "the settings that replace on_disk are unknown to servers before 1.18")]
/// The request that makes a collection, with a note of whose vectors it holds.
pub(super) fn create(config: &QdrantConfig, spec: &CollectionSpec) -> CreateCollection {
    let hnsw = &config.hnsw;
    let graph = HnswConfigDiff {
        m: Some(hnsw.m),
        payload_m: Some(hnsw.payload_m),
        ef_construct: Some(hnsw.ef_construct),
        full_scan_threshold: hnsw.full_scan_threshold,
        ..HnswConfigDiff::default()
    };
    let vectors = VectorParams {
        size: spec.identity.dims as u64,
        distance: Distance::Cosine.into(),
        on_disk: Some(config.on_disk),
        ..VectorParams::default()
    };
    let words = SparseVectorParams { modifier: Some(Modifier::Idf.into()), ..SparseVectorParams::default() };
    CreateCollection {
        collection_name: spec.name.clone(),
        hnsw_config: Some(graph),
        vectors_config: Some(VectorsConfig { config: Some(Config::Params(vectors)) }),
        sparse_vectors_config: Some(SparseVectorConfig { map: HashMap::from([(fields::WORDS.to_owned(), words)]) }),
        quantization_config: config.quantization.as_ref().map(|quantization| quantization.native()),
        on_disk_payload: config.on_disk_payload,
        shard_number: config.shard_number,
        replication_factor: config.replication_factor,
        write_consistency_factor: config.write_consistency_factor,
        metadata: note(&spec.identity),
        ..CreateCollection::default()
    }
}

/// The requests that make the indexes which are not there yet.
pub(super) fn missing_indexes(info: &CollectionInfo, name: &str) -> Vec<CreateFieldIndexCollection> {
    let missing = INDEXES.into_iter().filter(|(field, _)| !info.payload_schema.contains_key(*field));
    missing.map(|(field, index)| create_index(name, field, index)).collect()
}

fn create_index(name: &str, field: &str, index: Index) -> CreateFieldIndexCollection {
    let keyword = |is_tenant, enable_hnsw| {
        let params = KeywordIndexParams { is_tenant, enable_hnsw, ..KeywordIndexParams::default() };
        (FieldType::Keyword, IndexParams::KeywordIndexParams(params))
    };
    let (kind, params) = match index {
        Index::Tenant => keyword(Some(true), None),
        Index::Scope => keyword(None, None),
        Index::Word => keyword(None, Some(false)),
        Index::Number => {
            let params = IntegerIndexParams {
                lookup: Some(false),
                range: Some(true),
                enable_hnsw: Some(false),
                ..IntegerIndexParams::default()
            };
            (FieldType::Integer, IndexParams::IntegerIndexParams(params))
        }
    };
    CreateFieldIndexCollection {
        collection_name: name.to_owned(),
        wait: Some(true),
        field_name: field.to_owned(),
        field_type: Some(kind.into()),
        field_index_params: Some(PayloadIndexParams { index_params: Some(params) }),
        ..CreateFieldIndexCollection::default()
    }
}

/// A collection that is there and is what is asked for.
#[derive(Debug)]
pub(super) struct Opened {
    /// Whether it has a place for the words of a text.
    pub(super) with_words: bool,
    /// Whether it says which model filled it; if not, it is to be taken over.
    pub(super) noted: bool,
}

/// Holds a collection against what is asked for.
pub(super) fn check(info: &CollectionInfo, spec: &CollectionSpec, adopt: bool) -> Result<Opened> {
    let config = info.config.as_ref().ok_or_else(unknown)?;
    let params = config.params.as_ref().ok_or_else(unknown)?;
    let vectors = params.vectors_config.as_ref().and_then(|vectors| vectors.config.as_ref());
    let Some(Config::Params(vectors)) = vectors else {
        return Err(Error::new(
            ErrorKind::IdentityMismatch,
            "the collection has named vectors, so this library did not make it; choose another name",
        ));
    };
    if vectors.size != spec.identity.dims as u64 {
        return Err(Error::new(ErrorKind::DimensionMismatch, "the collection holds vectors of another length")
            .with_context("collection", vectors.size)
            .with_context("model", spec.identity.dims));
    }
    if vectors.distance() != Distance::Cosine {
        return Err(Error::new(
            ErrorKind::IdentityMismatch,
            "the collection does not measure by cosine; choose another name",
        ));
    }
    let words = params.sparse_vectors_config.as_ref().and_then(|sparse| sparse.map.get(fields::WORDS));
    let with_words = words.is_some_and(|words| words.modifier() == Modifier::Idf);
    let Some(noted) = config.metadata.get(NOTE) else {
        if adopt {
            return Ok(Opened { with_words, noted: false });
        }
        return Err(Error::new(
            ErrorKind::IdentityMismatch,
            "nothing says which model filled this collection; if it was the configured one, set adopt to true",
        ));
    };
    let Some(Kind::StructValue(noted)) = &noted.kind else { return Err(unknown()) };
    if !matches!(noted.fields.get("layout").and_then(|value| value.kind.as_ref()), Some(Kind::IntegerValue(LAYOUT))) {
        return Err(Error::corrupt("the collection was written by another version of this library"));
    }
    let text = |key| match noted.fields.get(key).and_then(|value| value.kind.as_ref()) {
        Some(Kind::StringValue(text)) => Ok(text.as_str()),
        _ => Err(unknown()),
    };
    if (text("model")?, text("digest")?) != (&spec.identity.model, &spec.identity.digest) {
        return Err(Error::new(ErrorKind::IdentityMismatch, "another model filled this collection")
            .with_context("collection", text("model")?)
            .with_context("model", &spec.identity.model));
    }
    Ok(Opened { with_words, noted: true })
}

/// What is noted about a collection.
pub(super) fn note(identity: &EmbedderIdentity) -> HashMap<String, Value> {
    let fields = [
        ("layout", Value::from(LAYOUT)),
        ("model", Value::from(identity.model.as_str())),
        ("digest", Value::from(identity.digest.as_str())),
    ];
    let fields = fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    HashMap::from([(NOTE.to_owned(), Value { kind: Some(Kind::StructValue(Struct { fields })) })])
}

fn unknown() -> Error {
    Error::internal("the server's description of a collection has an unknown shape")
}
